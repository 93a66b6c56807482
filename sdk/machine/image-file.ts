import { all, type Output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../core/errors.ts";
import type { BuiltFile } from "../resource/plugin/builder.ts";
import type { ImageBuild } from "../resource/image-build.ts";

/** Suffixes of the files that clouds take, by the format that writes them. */
const SUFFIXES = { aws: ".raw", gcp: ".img.tar.gz", vhd: ".vhd" } as const;

/** A file of a build, with its path on this host. */
export type ImageFile = BuiltFile & { readonly path: string };

/** The file for a cloud among the files of a build, which may have written other formats too. */
export function imageFile(name: string, build: ImageBuild, format: keyof typeof SUFFIXES): Output<ImageFile> {
  return all([build.path, build.files]).apply(([path, files]) => {
    const file = chooseFile(name, files, format);
    return { ...file, path: `${path}/${file.name}` };
  });
}

/**
 * @param name of the resource, for errors
 * @throws INVALID_DEFINITION if the build has not written that format
 */
export function chooseFile(name: string, files: readonly BuiltFile[], format: keyof typeof SUFFIXES): BuiltFile {
  // a dynamic VHD has the suffix of a fixed one, but its blocks are not in the image's order
  const file = files.find(
    ({ role, name, blocks }) => role === "image" && name.endsWith(SUFFIXES[format]) && (format === "gcp" || blocks !== undefined),
  );
  if (!file)
    throw new LinuxKitError("INVALID_DEFINITION", `${name}: got a build of another format, wanted one with the format ${format}`, {
      path: "build",
    });
  return file;
}
