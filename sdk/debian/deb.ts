import type { Entry } from "../archive/entry.ts";
import { readTar } from "../archive/read-tar.ts";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import { readAr } from "./ar.ts";
import { type DebCompression, decompress } from "./decompress.ts";

/** A path of a package, and the archive that has it. */
export interface DebEntry {
  /** `control`: files for dpkg, such as `control` and `conffiles`; `data`: files to install. */
  readonly member: "control" | "data";
  readonly entry: Entry;
}

/**
 * Reads a .deb (deb(5)) as a stream: first the entries of control.tar, then those of data.tar. Maintainer scripts are
 * ordinary entries; they are not run.
 *
 * @param path the package's name, for errors
 * @throws CORRUPT if it is not a package of format 2, or is broken; HOSTILE_ARCHIVE from its archives
 */
export async function* readDeb(source: Bytes, path: string): AsyncGenerator<DebEntry> {
  const seen: string[] = [];
  for await (const { name, body } of readAr(source, path)) {
    if (seen.length === 0) {
      if (name !== "debian-binary" || !(await versionOf(body)).startsWith("2.")) {
        throw new LinuxKitError("CORRUPT", `${path}: not a Debian package of format 2`, { path });
      }
      seen.push(name);
      continue;
    }
    const match = /^(control|data)\.tar(?:\.(xz|gz|zst))?$/.exec(name);
    if (!match) {
      // a member whose name begins with "_" may be ignored, any other may not (deb(5))
      if (name.startsWith("_")) continue;
      throw new LinuxKitError(
        "CORRUPT",
        `${path}: got the member ${JSON.stringify(name)}, wanted control.tar and data.tar, uncompressed or in xz, gz or zst`,
        { path },
      );
    }
    const [, member, compression = ""] = match as unknown as [string, "control" | "data", DebCompression?];
    seen.push(member);
    for await (const entry of readTar(decompress(body, compression, `${path}, ${name}`), `${path}, ${name}`)) yield { member, entry };
  }
  if (!seen.includes("control") || !seen.includes("data")) {
    throw new LinuxKitError("CORRUPT", `${path}: has no ${seen.includes("control") ? "data.tar" : "control.tar"}`, { path });
  }
}

async function versionOf(body: Bytes): Promise<string> {
  let text = "";
  for await (const chunk of body) text += Buffer.from(chunk).toString("latin1").slice(0, 16);
  return text;
}
