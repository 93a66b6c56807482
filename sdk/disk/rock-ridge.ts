import type { Entry, EntryType } from "../archive/entry.ts";
import { encodePath } from "../archive/path.ts";
import { present } from "../core/present.ts";
import { both32, ISO_BLOCK, isoTime } from "./iso-record.ts";

const FILE_TYPE: Readonly<Record<Exclude<EntryType, "hardlink">, number>> = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
};
const CONTINUATION_BYTES = 28;
const LONGEST_FIELD = 255;

/** A system use field: signature, length, version, content (SUSP 1.10, 4). */
function field(signature: string, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(signature, "latin1"), Buffer.of(content.length + 4, 1), content]);
}

/** An entry's POSIX attributes (RRIP 1.10: PX, TF, PN, SL), and its name (NM) unless it is "." or "..". */
export function rockRidgeFields(entry: Entry, links: number, name: string | undefined): Buffer[] {
  const type = FILE_TYPE[entry.type as keyof typeof FILE_TYPE];
  const fields = [field("PX", Buffer.concat([type | entry.mode, links, entry.uid, entry.gid].map(both32)))];
  const time = isoTime(entry.mtime);
  // flags: modification, access and attribute times follow in 7 bytes each
  fields.push(field("TF", Buffer.concat([Buffer.of(0x0e), time, time, time])));
  if (entry.type === "character" || entry.type === "block")
    fields.push(field("PN", Buffer.concat([both32(entry.major ?? 0), both32(entry.minor ?? 0)])));
  if (entry.type === "symlink") fields.push(...linkFields(entry.link ?? ""));
  if (name !== undefined) fields.push(...cut("NM", encodePath(name)));
  return fields;
}

/** The fields of the root directory's first record: SP announces the protocol, ER names it. */
export const ROOT_FIELDS = {
  first: field("SP", Buffer.of(0xbe, 0xef, 0)),
  last: ((): Buffer => {
    const texts = [
      "RRIP_1991A",
      "THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS",
      "SEE PUBLISHER OF RRIP SPECIFICATION 1.10 OF 1993",
    ];
    return field("ER", Buffer.concat([Buffer.from([...texts.map(({ length }) => length), 1]), Buffer.from(texts.join(""), "latin1")]));
  })(),
} as const;

// a name that is longer than a field continues in the next: flag 1
function cut(signature: string, bytes: Buffer): Buffer[] {
  const most = LONGEST_FIELD - 5;
  return Array.from({ length: Math.ceil(bytes.length / most) }, (_, index) => {
    const last = (index + 1) * most >= bytes.length;
    return field(signature, Buffer.concat([Buffer.of(last ? 0 : 1), bytes.subarray(index * most, (index + 1) * most)]));
  });
}

/**
 * A symlink's target as components; root, "." and ".." have their own flags (RRIP 4.1.3). The root shares its field with a part
 * of the next component: where a field ends with the root, Linux counts a slash too many for the link's size
 * (parse_rock_ridge_inode_internal in fs/isofs/rock.c).
 */
function linkFields(target: string): Buffer[] {
  const parts: Buffer[] = [];
  const root = Buffer.of(8, 0);
  if (target.startsWith("/")) parts.push(root);
  for (const name of target.replace(/^\//, "").split("/")) {
    const bytes = encodePath(name);
    const most = LONGEST_FIELD - 5 - 2 - (parts.at(-1) === root ? root.length : 0);
    if (name === "." || name === "..") parts.push(Buffer.of(name === "." ? 2 : 4, 0));
    else
      for (let at = 0; at < bytes.length || at === 0; at += most) {
        const part = bytes.subarray(at, at + most);
        parts.push(Buffer.concat([Buffer.of(at + most < bytes.length ? 1 : 0, part.length), part]));
      }
  }
  const groups: Buffer[][] = [[]];
  for (const part of parts) {
    const used = present(groups.at(-1)).reduce((sum, { length }) => sum + length, 0);
    if (used + part.length > LONGEST_FIELD - 5) groups.push([]);
    present(groups.at(-1)).push(part);
  }
  return groups.map((group, index) => field("SL", Buffer.concat([Buffer.of(index < groups.length - 1 ? 1 : 0), ...group])));
}

/** Blocks for fields that do not fit their record. A piece never crosses a block. */
export class ContinuationArea {
  readonly #first: number;
  readonly #blocks: { readonly bytes: Buffer; used: number }[] = [];

  /** `first` is the block at which the area begins on the volume. */
  constructor(first: number) {
    this.#first = first;
  }

  get blocks(): number {
    return this.#blocks.length;
  }

  encode(): Buffer {
    return Buffer.concat(this.#blocks.map(({ bytes }) => bytes));
  }

  /** Returns as many of the fields as fit `room` bytes, and a pointer to the others, which it stores. */
  fit(fields: readonly Buffer[], room: number): Buffer {
    const length = (some: readonly Buffer[]) => some.reduce((sum, one) => sum + one.length, 0);
    if (length(fields) <= room) return Buffer.concat(fields);
    let count = 0;
    while (length(fields.slice(0, count + 1)) <= room - CONTINUATION_BYTES) count++;
    const rest = fields.slice(count);
    const block = this.#blockFor(Math.min(length(rest), ISO_BLOCK));
    const { used } = block;
    const index = this.#blocks.indexOf(block);
    // what does not fit here either goes to another block: this one is full while that is found
    block.used = ISO_BLOCK;
    const content = this.fit(rest, ISO_BLOCK - used);
    block.bytes.set(content, used);
    block.used = used + content.length;
    return Buffer.concat([
      ...fields.slice(0, count),
      field("CE", Buffer.concat([both32(this.#first + index), both32(used), both32(content.length)])),
    ]);
  }

  #blockFor(size: number): { readonly bytes: Buffer; used: number } {
    const last = this.#blocks.at(-1);
    if (last && last.used + size <= ISO_BLOCK) return last;
    const block = { bytes: Buffer.alloc(ISO_BLOCK), used: 0 };
    this.#blocks.push(block);
    return block;
  }
}
