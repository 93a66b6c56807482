import type { Arch } from "../core/arch.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { createRegistryClient } from "../oci/registry/client.ts";
import { isLock } from "../resolve/is-lock.ts";
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
  if (!isLock(lock) || typeof cmdline !== "string" || !Array.isArray(segments) || !segments.every(isSegment)) throw wrong();
  if (!Array.isArray(files) || !files.every(hasRole) || !["number", "undefined"].includes(typeof memoryMiB)) throw wrong();
  const blocks = files.flatMap(({ role, blocks: list }): [string, string][] => (typeof list === "string" ? [[role, list]] : []));
  return { lock, cmdline, segments, memoryMiB, blocks: Object.fromEntries(blocks), initrd: files.find(isInitrd) };
}

type BuiltFile = Readonly<Partial<Record<"path" | "sha256" | "blocks", string>>> & { readonly role: string; readonly size?: number };

function hasRole(file: unknown): boolean {
  return typeof (file as Partial<BuiltFile> | null)?.role === "string";
}

function isSegment(segment: unknown): boolean {
  const { name, size } = (segment ?? {}) as Partial<ReviewedBuild["segments"][number]>;
  return typeof name === "string" && typeof size === "number";
}

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
    if (!isLock(lock))
      throw new LinuxKitError("CORRUPT", `${reference}: its lock has a package or an image without a name and a version`, {
        path: reference,
      });
    return { lock, cmdline, segments, memoryMiB, blocks };
  } catch (error) {
    if (isLinuxKitError(error, "UNSUPPORTED")) return undefined;
    throw error;
  }
}
