import { constants, createDeflate, createDeflateRaw, type Deflate, type DeflateRaw, type ZlibOptions } from "node:zlib";
import { ring } from "../core/ring.ts";
import { isCompressible } from "./compressible.ts";

export interface DeflaterOptions {
  /** `zlib` adds a header and a checksum (RFC 1950), `raw` adds neither (RFC 1951). */
  readonly wrap: "zlib" | "raw";
  /** Most bytes of a block. */
  readonly blockSize: number;
  /** Blocks that are compressed at once, on the threads of Node's pool. */
  readonly atOnce: number;
  /** 1 to 9. */
  readonly level: number;
  readonly windowBits?: number;
  readonly memLevel?: number;
  /** `block` ends a stream; `flush` ends on a byte boundary, for blocks that follow each other in one stream. @default "block" */
  readonly end?: "block" | "flush";
}

/**
 * For blocks that do not shrink: without a search for repetitions they pass in the least time. Level 0 would be faster,
 * but it cuts a block by the free space in its output, which depends on earlier blocks.
 */
const INCOMPRESSIBLE: ZlibOptions = { level: 1, strategy: constants.Z_HUFFMAN_ONLY };

/**
 * Compresses blocks independently. zlib's compressors are reused: a new one for each block would take more time than the
 * compression of noise, and leave megabytes of buffers as garbage.
 */
export class Deflater implements Disposable {
  readonly #streams: (Deflate | DeflateRaw)[] = [];
  readonly #shrinking: () => Engine;
  readonly #holding: () => Engine;

  constructor({ wrap, blockSize, atOnce, end = "block", ...options }: DeflaterOptions) {
    const finish = end === "block" ? constants.Z_FINISH : constants.Z_FULL_FLUSH;
    const engines = (options: ZlibOptions) =>
      ring(atOnce, () => {
        const stream = wrap === "zlib" ? createDeflate(options) : createDeflateRaw(options);
        this.#streams.push(stream);
        return new Engine(stream, blockSize, finish);
      });
    this.#shrinking = engines(options);
    this.#holding = engines(INCOMPRESSIBLE);
  }

  /** Compresses a block. Neither the result nor the block may be changed until `atOnce` more blocks are asked for. */
  deflate(block: Uint8Array): Promise<Uint8Array> {
    return (isCompressible(block) ? this.#shrinking : this.#holding)().deflate(block);
  }

  [Symbol.dispose](): void {
    for (const stream of this.#streams) stream.close();
  }
}

/** One compressor with the buffer for its result. */
class Engine {
  readonly #stream: Deflate | DeflateRaw;
  readonly #finish: number;
  readonly #result: Buffer;
  #used = 0;
  #reject: (error: Error) => void = () => {};

  constructor(stream: Deflate | DeflateRaw, blockSize: number, finish: number) {
    this.#stream = stream;
    this.#finish = finish;
    // incompressible data grows by a few bytes for each of its pieces
    this.#result = Buffer.allocUnsafeSlow(blockSize + blockSize / 32 + 1024);
    stream.on("data", (piece: Buffer) => {
      this.#used += piece.copy(this.#result, this.#used);
    });
    stream.on("error", (error) => this.#reject(error));
  }

  deflate(block: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#used = 0;
      this.#stream.write(block);
      this.#stream.flush(this.#finish, () => {
        this.#stream.reset();
        resolve(this.#result.subarray(0, this.#used));
      });
    });
  }
}
