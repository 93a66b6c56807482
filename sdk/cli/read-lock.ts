import { LinuxKitError } from "../core/errors.ts";
import type { Lock } from "../resolve/lock.ts";
import { readText } from "./text-file.ts";

/** The lock that `--write-lock` wrote. @throws NOT_FOUND, INVALID_DEFINITION for anything else */
export async function readLock(file: string): Promise<Lock> {
  const text = await readText(file);
  const refuse = (why: string, cause?: unknown): LinuxKitError =>
    new LinuxKitError("INVALID_DEFINITION", `--lock: ${file}: ${why}, wanted a file that --write-lock wrote`, { path: file }, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse("not JSON", error);
  }
  const { version, arch, debian, images } = (value ?? {}) as Partial<Lock>;
  const isMap = (member: unknown): boolean => typeof member === "object" && member !== null && !Array.isArray(member);
  if (version !== 1 || typeof arch !== "string" || !isMap(debian) || !isMap(images)) throw refuse("not a lock");
  return value as Lock;
}
