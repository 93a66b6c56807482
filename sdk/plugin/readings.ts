/** The bytes of a text as one of its encodings reads them, in lower case, and where in the text each byte stands. */
export interface Reading {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** Behind each byte's last character. */
  readonly ends: Uint32Array;
}

/** Shorter runs of base64 or hexadecimal digits hold fewer than four bytes. */
const SHORTEST_RUN = 6;

/**
 * All that a text may say: itself, unescaped (JSON, and `\x41` of a terminal), with percents decoded (RFC 3986 2.1, and `+` as in
 * a form), and what its runs of base64 (RFC 4648, both alphabets, also in lines) and hexadecimal digits hold at each alignment.
 */
export function readingsOf(text: string): readonly Reading[] {
  const raw = rawReading(text);
  const plain = unescaped(raw);
  const readings = [raw, plain, unescaped(plain), percentDecoded(raw, false), percentDecoded(plain, false), percentDecoded(plain, true)];
  for (let skip = 0; skip < 4; skip++) readings.push(digitsRead(plain, BASE64, 6, skip));
  for (let skip = 0; skip < 2; skip++) readings.push(digitsRead(plain, HEXADECIMAL, 4, skip));
  // most texts have nothing to decode
  const different = readings.filter((one, index) => index === 0 || !readings.slice(0, index).includes(one));
  return different.map(lowered);
}

function rawReading(text: string): Reading {
  const writer = new ReadingWriter(text.length * 3);
  for (let index = 0; index < text.length; ) {
    const point = text.codePointAt(index) as number;
    const end = index + (point > 0xffff ? 2 : 1);
    writer.point(point, index, end);
    index = end;
  }
  return writer.done();
}

const [BACKSLASH, PERCENT, PLUS, SPACE, NEWLINE, RETURN] = [0x5c, 0x25, 0x2b, 0x20, 0x0a, 0x0d];
const ESCAPES: ReadonlyMap<number, number> = new Map(
  [..."\"\\/'bfnrt0"].map((letter, index) => [letter.charCodeAt(0), "\"\\/'\b\f\n\r\t\0".charCodeAt(index)]),
);

function unescaped(reading: Reading): Reading {
  const { bytes, starts, ends } = reading;
  if (!bytes.includes(BACKSLASH)) return reading;
  const writer = new ReadingWriter(bytes.length * 3);
  for (let at = 0; at < bytes.length; ) {
    const letter = bytes[at] === BACKSLASH ? bytes[at + 1] : undefined;
    const simple = letter === undefined ? undefined : ESCAPES.get(letter);
    const digits = letter === 0x75 ? 4 : letter === 0x78 ? 2 : 0;
    let value = digits > 0 ? numberAt(bytes, at + 2, digits) : undefined;
    let next = at + 1;
    if (simple !== undefined) {
      next = at + 2;
      value = simple;
    } else if (value !== undefined) {
      next = at + 2 + digits;
      const low =
        (value & 0xfc00) === 0xd800 && bytes[next] === BACKSLASH && bytes[next + 1] === 0x75 ? numberAt(bytes, next + 2, 4) : undefined;
      if (low !== undefined && (low & 0xfc00) === 0xdc00) {
        value = 0x10000 + ((value & 0x3ff) << 10) + (low & 0x3ff);
        next += 6;
      }
    }
    const [start, end] = [starts[at] as number, ends[next - 1] as number];
    if (value === undefined) writer.byte(bytes[at] as number, start, end);
    else if (digits === 2 && simple === undefined) writer.byte(value, start, end);
    else writer.point(value, start, end);
    at = next;
  }
  return writer.done();
}

function percentDecoded(reading: Reading, isForm: boolean): Reading {
  const { bytes, starts, ends } = reading;
  if (!bytes.includes(PERCENT) && !(isForm && bytes.includes(PLUS))) return reading;
  const writer = new ReadingWriter(bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const value = bytes[at] === PERCENT ? numberAt(bytes, at + 1, 2) : undefined;
    const next = value === undefined ? at + 1 : at + 3;
    const plain = isForm && bytes[at] === PLUS ? SPACE : (bytes[at] as number);
    writer.byte(value ?? plain, starts[at] as number, ends[next - 1] as number);
    at = next;
  }
  return writer.done();
}

/** What runs of digits hold, when this many digits at the front of each are skipped; a zero byte between two runs. */
function digitsRead({ bytes, starts, ends }: Reading, digits: Int8Array, bits: number, skip: number): Reading {
  const writer = new ReadingWriter(bytes.length + 1);
  for (let from = 0; from < bytes.length; ) {
    if ((digits[bytes[from] as number] as number) < 0) {
      from++;
      continue;
    }
    let [to, count] = [from, 0];
    for (; to < bytes.length; to++) {
      if ((digits[bytes[to] as number] as number) >= 0) count++;
      else if (bytes[to] !== NEWLINE && bytes[to] !== RETURN) break;
    }
    let [held, bitCount, skipped, first] = [0, 0, 0, from];
    for (let at = from; count >= SHORTEST_RUN && at < to; at++) {
      const digit = digits[bytes[at] as number] as number;
      if (digit < 0 || skipped++ < skip) continue;
      if (bitCount === 0) first = at;
      held = ((held << bits) | digit) & 0xffff;
      bitCount += bits;
      if (bitCount < 8) continue;
      bitCount -= 8;
      writer.byte((held >> bitCount) & 0xff, starts[first] as number, ends[at] as number);
      first = at;
    }
    if (count >= SHORTEST_RUN) writer.byte(0, starts[from] as number, starts[from] as number);
    from = to;
  }
  return writer.done();
}

/** The value of each byte as a digit; -1 for any other byte. */
function digitsOf(alphabet: readonly string[]): Int8Array {
  const values = new Int8Array(256).fill(-1);
  for (const letters of alphabet) for (const [value, letter] of [...letters].entries()) values[letter.charCodeAt(0)] = value;
  return values;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64 = digitsOf([`${LETTERS}+/`, `${LETTERS}-_`]);
const HEXADECIMAL = digitsOf(["0123456789abcdef", "0123456789ABCDEF"]);

function numberAt(bytes: Uint8Array, from: number, length: number): number | undefined {
  let value = 0;
  for (let at = from; at < from + length; at++) {
    const digit = at < bytes.length ? (HEXADECIMAL[bytes[at] as number] as number) : -1;
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}

function lowered(reading: Reading): Reading {
  return { ...reading, bytes: inLowerCase(reading.bytes) };
}

/** The bytes with the letters of ASCII in lower case. */
export function inLowerCase(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)).buffer);
}

class ReadingWriter {
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  #length = 0;

  constructor(most: number) {
    this.#bytes = new Uint8Array(most);
    this.#starts = new Uint32Array(most);
    this.#ends = new Uint32Array(most);
  }

  byte(byte: number, start: number, end: number): void {
    this.#bytes[this.#length] = byte;
    this.#starts[this.#length] = start;
    this.#ends[this.#length] = end;
    this.#length++;
  }

  /** A character of Unicode in UTF-8; a lone surrogate as the replacement character, as Node encodes it. */
  point(point: number, start: number, end: number): void {
    if (point < 0x80) return this.byte(point, start, end);
    const known = point >= 0xd800 && point < 0xe000 ? 0xfffd : point;
    for (const byte of Buffer.from(String.fromCodePoint(known))) this.byte(byte, start, end);
  }

  done(): Reading {
    const whole = [0, this.#length] as const;
    return { bytes: this.#bytes.slice(...whole), starts: this.#starts.slice(...whole), ends: this.#ends.slice(...whole) };
  }
}
