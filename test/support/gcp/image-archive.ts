/**
 * Plays Compute Engine's import of an image archive.
 *
 * Source: Compute Engine, "Manually import boot disks", section "Create the compressed archive".
 * Judged by: test/gcp/compute-server.test.ts reads archives that GNU tar makes.
 * Assumed: the code INVALID_IMAGE_FORMAT and the words of failures; a limit of 2048 GB.
 */
import { createGunzip } from "node:zlib";
import { Readable } from "node:stream";
import { OperationFailure } from "./operations.ts";

const GIB = 2 ** 30;
const RECORD = 512;

/** Sizes that the import finds in an archive. */
export interface ImageArchive {
  /** Size of the compressed archive. */
  readonly archiveBytes: number;
  readonly sizeGb: number;
}

/**
 * Reads an archive as the import does: a gzipped tar of the old GNU format with one regular or sparse member,
 * `disk.raw`, whose size is a multiple of 1 GiB.
 *
 * @throws OperationFailure
 */
export async function readImageArchive(body: AsyncIterable<Uint8Array>): Promise<ImageArchive> {
  let archiveBytes = 0;
  const counted = (async function* () {
    for await (const chunk of body) {
      archiveBytes += chunk.length;
      yield chunk;
    }
  })();
  const tar = new TarReader(Readable.from(counted).compose(createGunzip({ chunkSize: 1 << 20 })) as AsyncIterable<Buffer>);
  try {
    let sizeGb: number | undefined;
    for (let header = await tar.record(); header.some((byte) => byte !== 0); header = await tar.record()) {
      if (sizeGb !== undefined) throw failure("the archive has more than one member");
      sizeGb = await readMember(header, tar);
    }
    if (sizeGb === undefined) throw failure("the archive is empty");
    // read to the end, where gzip has its checksum
    while (await tar.more());
    return { archiveBytes, sizeGb };
  } catch (error) {
    throw error instanceof OperationFailure ? error : failure((error as Error).message);
  }
}

async function readMember(header: Buffer, tar: TarReader): Promise<number> {
  const text = (at: number, length: number) =>
    header
      .subarray(at, at + length)
      .toString("latin1")
      .replace(/\0.*$/s, "");
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (Number.parseInt(text(148, 8), 8) !== sum) throw failure("a header's checksum is wrong");
  if (header.subarray(257, 265).toString("latin1") !== "ustar  \0") throw failure("the archive is not of the old GNU format");
  if (text(0, 100) !== "disk.raw") throw failure(`the member is called ${text(0, 100)}, not disk.raw`);
  const type = String.fromCharCode(header[156] as number);
  if (!["0", "\0", "S"].includes(type)) throw failure(`disk.raw is of type ${type}`);
  const stored = number(header, 124);
  const size = type === "S" ? number(header, 483) : stored;
  if (type === "S") for (let more = header[482] === 1; more; ) more = (await tar.record())[504] === 1;
  await tar.skip(Math.ceil(stored / RECORD) * RECORD);
  if (size === 0 || size % GIB !== 0) throw failure(`disk.raw has ${size} bytes, which is not a multiple of 1 GB`);
  if (size > 2048 * GIB) throw failure("disk.raw is larger than 2048 GB");
  return size / GIB;
}

/** A number in octal, or in binary if the first bit is set. */
function number(header: Buffer, at: number): number {
  const field = header.subarray(at, at + 12);
  return (field[0] as number) & 0x80 ? Number(field.readBigUInt64BE(4)) : Number.parseInt(field.toString("latin1"), 8);
}

/** Reads a stream in records of 512 bytes and skips content. */
class TarReader {
  readonly #stream: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#stream = stream[Symbol.asyncIterator]();
  }

  /** Replaces the buffer with the next chunk; false at the end of the stream. */
  async more(): Promise<boolean> {
    const { value, done } = await this.#stream.next();
    this.#rest = done ? Buffer.alloc(0) : value;
    return !done;
  }

  async record(): Promise<Buffer> {
    while (this.#rest.length < RECORD) {
      const before = this.#rest;
      if (!(await this.more())) throw failure("the archive ends too early");
      this.#rest = Buffer.concat([before, this.#rest]);
    }
    const record = this.#rest.subarray(0, RECORD);
    this.#rest = this.#rest.subarray(RECORD);
    return record;
  }

  async skip(bytes: number): Promise<void> {
    let left = bytes;
    while (left > this.#rest.length) {
      left -= this.#rest.length;
      if (!(await this.more())) throw failure("the archive ends too early");
    }
    this.#rest = this.#rest.subarray(left);
  }
}

function failure(why: string): OperationFailure {
  return new OperationFailure("INVALID_IMAGE_FORMAT", 400, `The tar archive is not a valid image: ${why}`);
}
