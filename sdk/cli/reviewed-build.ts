import type { Arch } from "../core/arch.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { createRegistryClient } from "../oci/registry/client.ts";
import type { Lock } from "../resolve/lock.ts";
import type { ReviewedBuild } from "../review/built.ts";
import { findOs } from "../share/pull-os.ts";
import { parsePinned } from "../share/repository-name.ts";
import { readText } from "./text-file.ts";

/** The build that a file of `build --json` describes. @throws NOT_FOUND, INVALID_DEFINITION */
export async function readBuild(file: string): Promise<ReviewedBuild> {
  const wrong = (cause?: unknown): LinuxKitError =>
    new LinuxKitError("INVALID_DEFINITION", `${file}: wanted the JSON that build --json prints`, { path: file }, { cause });
  let value: Partial<ReviewedBuild & { readonly files: readonly BuiltFile[] }>;
  try {
    value = JSON.parse(await readText(file)) as typeof value;
  } catch (error) {
    throw isLinuxKitError(error) ? error : wrong(error);
  }
  const { lock, cmdline, segments, files, memoryMiB } = value ?? {};
  if (typeof lock?.debian !== "object" || typeof cmdline !== "string" || !Array.isArray(segments) || !Array.isArray(files)) throw wrong();
  const blocks = files.flatMap(({ role, blocks: list }): [string, string][] => (typeof list === "string" ? [[role, list]] : []));
  return { lock, cmdline, segments, memoryMiB, blocks: Object.fromEntries(blocks), initrd: files.find(isInitrd) };
}

type BuiltFile = Readonly<Partial<Record<"path" | "sha256" | "blocks", string>>> & { readonly role: string; readonly size?: number };

function isInitrd(file: BuiltFile): file is BuiltFile & { readonly path: string; readonly size: number; readonly sha256: string } {
  const { role, path, size, sha256 } = file;
  return role === "initrd" && typeof path === "string" && typeof size === "number" && typeof sha256 === "string";
}

/**
 * The operating system that `build --push` published, by its digest. Its files are not downloaded.
 *
 * @returns undefined if the reference is of something else, as a container image
 * @throws as `findOs`
 */
export async function publishedBuild(reference: string, arch: Arch, signal: AbortSignal): Promise<ReviewedBuild | undefined> {
  const parsed = parsePinned(reference, "artifact");
  const repository = createRegistryClient({ signal }).repository(parsed.registry, parsed.repository);
  try {
    const { config } = await findOs(repository, parsed, arch);
    const { lock, cmdline, segments, memoryMiB, blocks = {} } = config;
    return { lock: lock as unknown as Lock, cmdline, segments, memoryMiB, blocks };
  } catch (error) {
    if (isLinuxKitError(error, "UNSUPPORTED")) return undefined;
    throw error;
  }
}
