/**
 * Quotes text as one word of POSIX shell, so that single quotes, `$`, `` ` ``, `\` and line breaks have no special meaning.
 *
 * @throws RangeError for NUL, which no argument or path can contain
 */
export function quote(text: string): string {
  if (text.includes("\0")) throw new RangeError("a NUL byte cannot be a part of a shell word");
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
