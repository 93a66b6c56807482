/*
 * The frames of the interface to a machine; `sdk/guest/linuxkitd/internal/api/frame.go` is the other side and says what they
 * mean: KIND (1 byte) STREAM (4) LENGTH (4) PAYLOAD, numbers big endian.
 */

/** Kinds of frames. */
export const FRAME = Object.freeze({ open: 1, data: 2, stderr: 3, eof: 4, grant: 5, resize: 6, cancel: 7, end: 8 });

/** What begins a hello; the digit is the version of the protocol. */
export const MAGIC = "lkapi/1\n";

/** Length of a hello: the magic and random bytes, which the machine sends back. */
export const HELLO_BYTES = 32;

/** The most bytes that a frame carries. */
export const MOST_PAYLOAD = 16 << 10;

/** Bytes of a stream that either side may send before the other grants more. */
export const WINDOW = 64 << 10;

const HEAD_BYTES = 9;

/** One frame. */
export interface Frame {
  readonly kind: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A frame's bytes. */
export function encodeFrame(kind: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + payload.length);
  bytes.writeUInt8(kind, 0);
  bytes.writeUInt32BE(stream, 1);
  bytes.writeUInt32BE(payload.length, 5);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

/** Returns a function that takes bytes as they come and returns the frames that they complete. It throws for what no machine sends. */
export function frameReader(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (rest.length - at >= HEAD_BYTES) {
      const kind = rest.readUInt8(at);
      const length = rest.readUInt32BE(at + 5);
      if (kind < FRAME.open || kind > FRAME.end || length > MOST_PAYLOAD)
        throw new Error(`got a frame of kind ${kind} with ${length} bytes, wanted kinds 1 to 8 with at most ${MOST_PAYLOAD}`);
      if (rest.length - at - HEAD_BYTES < length) break;
      const begin = at + HEAD_BYTES;
      frames.push({ kind, stream: rest.readUInt32BE(at + 1), payload: rest.subarray(begin, begin + length) });
      at = begin + length;
    }
    rest = Buffer.from(rest.subarray(at));
    return frames;
  };
}
