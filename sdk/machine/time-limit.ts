import type { CustomResourceOptions } from "@pulumi/pulumi/resource.js";

/** How long a resource's creation and its update may take each. @default the resource's own limit */
export function timeLimit(seconds: number | undefined): Pick<CustomResourceOptions, "customTimeouts"> {
  return seconds === undefined ? {} : { customTimeouts: { create: `${seconds}s`, update: `${seconds}s` } };
}
