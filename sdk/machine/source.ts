import type { Input } from "@pulumi/pulumi/output.js";
import type { Arch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { Image } from "../definition/image.ts";
import type { FormatName } from "../format/formats.ts";
import type { ImageBuildArgs } from "../resource/image-build.ts";
import { type Transform, transformed } from "./transform.ts";

/** What a machine or a fleet of any cloud runs: one of the three. */
interface Source {
  readonly image?: unknown;
  readonly build?: unknown;
  readonly machineImage?: unknown;
}

/** @throws INVALID_DEFINITION where it is none of the three, or more than one; `what` names who runs it */
export function checkSource(what: string, { image, build, machineImage }: Source): void {
  const given = Object.entries({ image, build, machineImage }).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (given.length !== 1)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${what}: got ${given.join(" and ") || "nothing to run"}, wanted one of image, build and machineImage`,
      { path: "image" },
    );
}

/** What a machine image builds where it was given no build. */
interface Unbuilt {
  readonly image?: Image | undefined;
  readonly arch?: Input<Arch> | undefined;
  readonly transform?: { readonly build?: Transform<ImageBuildArgs> } | undefined;
}

/** The arguments of the build that a machine image makes as its child. @throws INVALID_DEFINITION without an image */
export function buildArguments(name: string, format: FormatName, { image, arch, transform }: Unbuilt): ImageBuildArgs {
  if (!image) throw new LinuxKitError("INVALID_DEFINITION", `${name}: got neither build nor image, wanted one of them`, { path: "image" });
  return transformed(transform?.build, { image, format, name, ...(arch !== undefined && { arch }) }, `${name}-build`);
}
