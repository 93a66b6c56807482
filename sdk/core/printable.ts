// C0 without tab and line feed, DEL and C1 (ECMA-48); what reorders a line (Unicode UAX 9) or ends one; and what shows nothing, so
// that two names look alike (UAX 44, Default_Ignorable_Code_Point, without the joiners and selectors that scripts and emoji need)
const UNPRINTABLE =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\u{e0000}-\u{e007f}]/gu;

/**
 * A text with its control and invisible characters written as `\uXXXX`. Names in archives, answers of registries and lines of a guest
 * come from outside: without this they could move the cursor, rename the window or hide a part of a message. Half a surrogate
 * pair, where a text was cut, becomes U+FFFD: gRPC cannot encode it, and would answer nothing.
 */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, (character) => {
    const digits = (character.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
    return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`;
  });
}
