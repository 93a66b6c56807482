import type { CustomResourceOptions } from "@pulumi/pulumi/resource.js";

/** Seconds that creating a resource may take, and updating it. @default the resource's own limit */
export function timeLimit(seconds: number | undefined): Pick<CustomResourceOptions, "customTimeouts"> {
  return seconds === undefined ? {} : { customTimeouts: { create: `${seconds}s`, update: `${seconds}s` } };
}
