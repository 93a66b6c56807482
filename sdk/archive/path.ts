import { LinuxKitError } from "../core/errors.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A file name's bytes as text: valid UTF-8 is decoded, every other byte becomes a lone surrogate U+DC00 + byte (PEP 383). */
export function decodePath(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return decodeByByte(bytes);
  }
}

/** The reverse of {@link decodePath}. */
export function encodePath(path: string): Buffer {
  if (path.isWellFormed()) return Buffer.from(path);
  const parts: Buffer[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) as number;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}

// the valid UTF-8 sequence at each place, else one escaped byte
function decodeByByte(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const taken = [1, 2, 3, 4].find((length) => at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)));
    text += taken ? decoder.decode(bytes.subarray(at, at + taken)) : String.fromCharCode(0xdc00 + (bytes[at] as number));
    at += taken ?? 1;
  }
  return text;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** What a `..` in a member's name does: it is refused, or leads to the parent, and from the root to the root. */
export type Parents = "refused" | "clamped";

/**
 * A member's name as a path below the root of its tree: without leading and trailing `/`, without `.` and empty parts.
 *
 * @throws HOSTILE_ARCHIVE for a `..` part that is refused: it could leave the tree, at once or through a symlink
 * @throws CORRUPT for a NUL
 */
export function memberPath(name: string, parents: Parents = "refused"): string {
  if (name.includes("\0")) throw new LinuxKitError("CORRUPT", `${JSON.stringify(name)}: a NUL in a name`, { path: name });
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (!parts.includes("..")) return parts.join("/");
  if (parents === "refused")
    throw new LinuxKitError("HOSTILE_ARCHIVE", `${name}: a member's name must not contain "..": it could leave the tree`, { path: name });
  const kept: string[] = [];
  for (const part of parts) {
    if (part === "..") kept.pop();
    else kept.push(part);
  }
  return kept.join("/");
}
