import { inLowerCase, type Reading, readingsOf } from "./readings.ts";

/** A shorter secret is a part of too many words: it is hidden only where a message quotes all of it. In bytes. */
const SHORTEST_SOUGHT = 4;
/** So many bytes of a secret in a row are hidden, wherever in it they stand. */
const PART = 8;
const HIDDEN = "[secret]";

/** The first character of a text, and the one behind its last. */
type Span = readonly [start: number, end: number];

/**
 * Where secrets of four bytes and more, and parts of eight and more, stand in a text, in any of its readings.
 *
 * @param secrets in lower case, as {@link inLowerCase} makes them
 */
export function partsIn(text: string, secrets: readonly Buffer[]): Span[] {
  const readings = readingsOf(text);
  const spans: Span[] = [];
  for (let length = SHORTEST_SOUGHT; length <= PART; length++) {
    const these = secrets.filter((secret) => Math.min(secret.length, PART) === length);
    if (these.length > 0) spans.push(...rowsIn(readings, these, length));
  }
  return spans;
}

/** Where a text quotes a secret of any length, or a short part of one, or was cut behind the beginning of one. */
export function quotedIn(text: string, secrets: readonly Buffer[]): Span[] {
  const quoted = [...text.matchAll(/"((?:[^"\\]|\\.)+)"|(?<=\bgot )(-?[\d.]+|true|false)(?=, )/g)].flatMap((match): Span[] => {
    const inner = match[1] ?? (match[2] as string);
    const start = match.index + match[0].indexOf(inner);
    const short = readingsOf(inner).filter(({ bytes }) => bytes.length < PART);
    const isSecret = short.some(({ bytes }) => secrets.some((secret) => isQuoted(bytes, secret)));
    return isSecret ? [[start, start + inner.length]] : [];
  });
  return [...quoted, ...[...text.matchAll(/…/g)].flatMap(({ index }) => beginningBefore(text, index, secrets))];
}

/** A text without those spans. */
export function withoutSpans(text: string, spans: readonly Span[]): string {
  let [shown, at] = ["", 0];
  for (const [start, end] of merged(spans)) {
    shown += text.slice(at, start) + HIDDEN;
    at = end;
  }
  return shown + text.slice(at);
}

/** Where `length` bytes in a row of a reading stand in a secret too. One pass over the secrets finds the rows of all readings. */
function rowsIn(readings: readonly Reading[], secrets: readonly Buffer[], length: number): Span[] {
  const places = new Map<number, [Reading, number][]>();
  for (const reading of readings)
    rolling(reading.bytes, length, (hash, at) => {
      const known = places.get(hash);
      if (known) known.push([reading, at]);
      else places.set(hash, [[reading, at]]);
    });
  const spans: Span[] = [];
  for (const secret of secrets)
    rolling(secret, length, (hash, from) => {
      for (const [{ bytes, starts, ends }, at] of places.get(hash) ?? []) {
        if (!isSame(bytes, at, secret, from, length)) continue;
        spans.push([starts[at] as number, ends[at + length - 1] as number]);
      }
    });
  return spans;
}

/** A hash of each `length` bytes in a row, and where they begin. */
function rolling(bytes: Uint8Array, length: number, found: (hash: number, at: number) => void): void {
  const base = 0x01000193;
  let [hash, highest] = [0, 1];
  for (let power = 1; power < length; power++) highest = Math.imul(highest, base);
  for (let at = 0; at < bytes.length; at++) {
    if (at >= length) hash = (hash - Math.imul(bytes[at - length] as number, highest)) | 0;
    hash = (Math.imul(hash, base) + (bytes[at] as number)) | 0;
    if (at >= length - 1) found(hash, at - length + 1);
  }
}

function isSame(a: Uint8Array, at: number, b: Uint8Array, from: number, length: number): boolean {
  for (let index = 0; index < length; index++) if (a[at + index] !== b[from + index]) return false;
  return true;
}

function isQuoted(bytes: Uint8Array, secret: Buffer): boolean {
  return bytes.length < SHORTEST_SOUGHT ? secret.equals(bytes) : secret.includes(Buffer.from(bytes));
}

function beginningBefore(text: string, end: number, secrets: readonly Buffer[]): Span[] {
  for (let length = PART - 1; length >= SHORTEST_SOUGHT; length--) {
    const before = inLowerCase(Buffer.from(text.slice(Math.max(0, end - length), end)));
    if (before.length >= SHORTEST_SOUGHT && secrets.some((secret) => isSame(secret, 0, before, 0, before.length)))
      return [[Math.max(0, end - length), end]];
  }
  return [];
}

/** Spans in order; those that touch are one. */
function merged(spans: readonly Span[]): Span[] {
  const whole: [number, number][] = [];
  for (const [start, end] of [...spans].sort(([a], [b]) => a - b)) {
    const last = whole.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else whole.push([start, end]);
  }
  return whole;
}
