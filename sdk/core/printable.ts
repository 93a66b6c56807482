// C0 without tab and line feed, DEL and C1 (ECMA-48); and what reorders a line (Unicode UAX 9) or ends one
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text with its control characters written as `\uXXXX`. Names in archives, answers of registries and lines of a guest
 * come from outside: without this they could move the cursor, rename the window or hide a part of a message. Half a surrogate
 * pair, where a text was cut, becomes U+FFFD: gRPC cannot encode it, and would answer nothing.
 */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
