import { digestOf } from "../core/digest.ts";

/** Text below a line with its sha256: {@link unseal} notices that the file was cut or altered. */
export function seal(text: string): Buffer {
  return Buffer.from(`${digestOf(text)}\n${text}`);
}

/** The text of a sealed file; undefined where the file is not what {@link seal} wrote. */
export function unseal(sealed: string): string | undefined {
  const end = sealed.indexOf("\n");
  const text = sealed.slice(end + 1);
  return end >= 0 && sealed.slice(0, end) === digestOf(text) ? text : undefined;
}
