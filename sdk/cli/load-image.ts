import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ARCHES, type Arch, isArch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { Image } from "../definition/image.ts";
import { UsageError } from "./command.ts";

/** An architecture as a command's option names it. @throws UsageError */
export function archOption(text: string): Arch {
  if (!isArch(text)) throw new UsageError(`no architecture "${text}"; there are ${ARCHES.join(", ")}`);
  return text;
}

/** The image that a file defines: LinuxKit YAML, or a module that exports one, or several of which one is named. @throws NOT_FOUND, UsageError */
export async function loadImage(file: string, name: string | undefined): Promise<Image> {
  if (!existsSync(file)) throw new LinuxKitError("NOT_FOUND", `there is no file ${resolve(file)}`, { what: file });
  if (/\.ya?ml$/.test(file)) return Image.fromYaml(await readFile(file, "utf8"));
  const exported: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href);
  const images = Object.entries(exported).filter((entry): entry is [string, Image] => entry[1] instanceof Image);
  const chosen = name === undefined && images.length === 1 ? images[0] : images.find(([key]) => key === (name ?? "default"));
  if (chosen) return chosen[1];
  const found = images.map(([key]) => key).join(", ");
  if (found === "") throw new UsageError(`${file} exports no Image: write \`export const os = new Image({ … })\``);
  throw new UsageError(
    name === undefined
      ? `${file} exports several images: choose one with --image, of ${found}`
      : `${file} exports no Image "${name}"; it has ${found}`,
  );
}
