import { ByteReader } from "../archive/byte-reader.ts";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";

/** A member of an ar archive. Read its body before the next member; unread bytes are skipped. */
export interface ArMember {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
}

const MAGIC = "!<arch>\n";
const HEADER = 60;

/**
 * Reads an ar archive in the form of deb(5): short names, no symbol table.
 *
 * @param path the archive's name, for errors
 * @throws CORRUPT if it is not an ar archive, or ends early
 */
export async function* readAr(source: Bytes, path: string): AsyncGenerator<ArMember> {
  const reader = new ByteReader(source);
  const corrupt = (why: string): LinuxKitError => new LinuxKitError("CORRUPT", `${path}, byte ${reader.offset}: ${why}`, { path });
  try {
    if ((await reader.read(MAGIC.length)).toString("latin1") !== MAGIC) throw corrupt("not an ar archive");
    for (;;) {
      const header = (await reader.read(HEADER)).toString("latin1");
      if (header === "") return;
      const size = Number(header.slice(48, 58));
      if (header.length < HEADER || header.slice(58) !== "`\n" || !Number.isSafeInteger(size) || size < 0)
        throw corrupt("invalid header of an ar member");
      let left = size;
      const body = async function* (): AsyncGenerator<Uint8Array> {
        while (left > 0) {
          const chunk = await reader.take(left);
          if (!chunk) throw corrupt(`the archive ends ${left} bytes early`);
          left -= chunk.length;
          yield chunk;
        }
      };
      yield { name: header.slice(0, 16).trimEnd().replace(/\/$/, ""), size, body: body() };
      // members begin at even offsets; skips what was not read of the body
      const rest = left + (size % 2);
      if ((await reader.skip(rest)) < left) throw corrupt("the archive ends early");
    }
  } finally {
    await reader.close();
  }
}
