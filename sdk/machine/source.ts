import { LinuxKitError } from "../core/errors.ts";
import type { FormatName } from "../format/formats.ts";
import type { ImageBuildArgs } from "../resource/image-build-args.ts";
import type { BuildArgs, SourceArgs } from "./args.ts";
import { type Transform, transformed } from "./transform.ts";

/**
 * The machine image that was given, or the one that `make` creates from `image` or `build`.
 *
 * @param what names the machine or fleet in errors: `machine "web"`
 * @throws INVALID_DEFINITION unless exactly one of `image`, `build` and `machineImage` is given
 */
export function machineImageOf<MachineImage>(what: string, args: SourceArgs<MachineImage>, make: () => MachineImage): MachineImage {
  const { image, build, machineImage } = args;
  const given = Object.entries({ image, build, machineImage }).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (given.length !== 1)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${what}: got ${given.join(" and ") || "nothing to run"}, wanted one of image, build and machineImage`,
      { path: "image" },
    );
  return machineImage ?? make();
}

/** What a machine image builds where it was given no build. */
interface Unbuilt extends Pick<BuildArgs, "image" | "arch" | "update"> {
  readonly transform?: { readonly build?: Transform<ImageBuildArgs> } | undefined;
}

/** The arguments of the build that a machine image makes as its child. @throws INVALID_DEFINITION without an image */
export function buildArguments(name: string, format: FormatName, { image, arch, update, transform }: Unbuilt): ImageBuildArgs {
  if (!image) throw new LinuxKitError("INVALID_DEFINITION", `${name}: got neither build nor image, wanted one of them`, { path: "image" });
  return transformed(
    transform?.build,
    { image, format, name, ...(arch !== undefined && { arch }), ...(update !== undefined && { update }) },
    `${name}-build`,
  );
}
