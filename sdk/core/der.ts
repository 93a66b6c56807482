/** Encodes an element of DER: tag, length, content (X.690). */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const digits = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.of(tag, 0x80 | digits.length), digits, body]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Buffer => der(0x31, ...content);
export const octets = (content: Uint8Array): Buffer => der(0x04, content);
export const NULL: Buffer = Buffer.of(5, 0);
/** A small non-negative integer, below 128. */
export const integer = (value: number): Buffer => der(0x02, Buffer.of(value));

/** An object identifier from its dotted text. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return der(0x06, Buffer.from(bytes));
}

/** The elements inside an element, each with its tag and length. */
export function elements(element: Uint8Array): Buffer[] {
  const bytes = Buffer.from(element);
  const { start, end } = content(bytes, 0);
  const found: Buffer[] = [];
  for (let at = start; at < end; ) {
    const next = content(bytes, at).end;
    if (next <= at || next > end) throw new RangeError("a DER element is longer than the element around it");
    found.push(bytes.subarray(at, next));
    at = next;
  }
  return found;
}

function content(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const length = bytes.readUInt8(at + 1);
  if (length < 0x80) return { start: at + 2, end: at + 2 + length };
  const digits = length & 0x7f;
  const start = at + 2 + digits;
  return { start, end: start + bytes.readUIntBE(at + 2, digits) };
}
