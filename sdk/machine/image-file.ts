import { all, type Output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../core/errors.ts";
import type { BuiltFile } from "../resource/plugin/builder.ts";
import type { ImageBuild } from "../resource/image-build.ts";

/** How the names of what clouds take end, by the format that writes it. */
const SUFFIXES = { aws: ".raw", gcp: ".img.tar.gz", vhd: ".vhd" } as const;

/** A file of a build, and where it is on this host. */
export type ImageFile = BuiltFile & { readonly path: string };

/** What a cloud takes, among the files of a build that may have written other formats too. */
export function imageFile(name: string, build: ImageBuild, format: keyof typeof SUFFIXES): Output<ImageFile> {
  return all([build.path, build.files]).apply(([path, files]) => {
    const file = chooseFile(name, files, format);
    return { ...file, path: `${path}/${file.name}` };
  });
}

/**
 * @param name of the resource that wants it, for errors
 * @throws INVALID_DEFINITION where the build has not written that format
 */
export function chooseFile(name: string, files: readonly BuiltFile[], format: keyof typeof SUFFIXES): BuiltFile {
  // a dynamic VHD is called as a fixed one, and is in no order in which blocks could be sent
  const file = files.find(
    ({ role, name, blocks }) => role === "image" && name.endsWith(SUFFIXES[format]) && (format === "gcp" || blocks !== undefined),
  );
  if (!file)
    throw new LinuxKitError("INVALID_DEFINITION", `${name}: got a build of another format, wanted one of the format ${format}`, {
      path: "build",
    });
  return file;
}
