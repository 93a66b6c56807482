import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ARCHES, type Arch, isArch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { Image } from "../definition/image.ts";
import { UsageError } from "./command.ts";

/** The architecture that `--arch` names. @throws UsageError */
export function archOption(text: string): Arch {
  if (!isArch(text)) throw new UsageError(`--arch: got "${text}", wanted one of ${ARCHES.join(", ")}`);
  return text;
}

/**
 * The image that a file defines.
 *
 * @param file LinuxKit YAML (`.yml`, `.yaml`), or a module that exports an Image
 * @param name the export to take @default the only one, or `default`
 * @throws NOT_FOUND, INVALID_DEFINITION, UsageError
 */
export async function loadImage(file: string, name: string | undefined): Promise<Image> {
  if (!existsSync(file)) throw new LinuxKitError("NOT_FOUND", `file not found: ${resolve(file)}`, { what: file });
  if (/\.ya?ml$/.test(file)) return Image.fromYaml(await readFile(file, "utf8"));
  const exported: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href);
  const images = Object.entries(exported).filter((entry): entry is [string, Image] => entry[1] instanceof Image);
  const chosen = name === undefined && images.length === 1 ? images[0] : images.find(([key]) => key === (name ?? "default"));
  if (chosen) return chosen[1];
  const found = images.map(([key]) => key).join(", ");
  if (found === "") throw new UsageError(`${file} exports no Image: write \`export const os = new Image({ … })\``);
  throw new UsageError(
    name === undefined
      ? `${file} exports several images: choose one with --image: ${found}`
      : `--image: ${file} exports no Image "${name}", wanted one of ${found}`,
  );
}
