import { type Markup, textOf } from "./markup.ts";

/**
 * As many items as fit, and a last one that counts the others.
 *
 * @param most bytes of all items together
 * @param last writes the item that counts
 */
export function fitting<T>(items: readonly T[], write: (item: T) => Markup, most: number, last: (count: number) => Markup): Markup[] {
  const written: Markup[] = [];
  let left = most;
  for (const item of items) {
    const one = write(item);
    left -= Buffer.byteLength(textOf(one));
    if (left < 0) return [...written, last(items.length - written.length)];
    written.push(one);
  }
  return written;
}

/** Bytes for readers: `12.3 MB`. */
export function inBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const [unit, size] = bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${(bytes / size).toFixed(1)} ${unit}`;
}
