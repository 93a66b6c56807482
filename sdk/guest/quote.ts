/**
 * A word of POSIX shell that is exactly `text`, whatever it holds: single quotes end no string, `$`, `` ` ``, `\` and
 * line breaks mean nothing. Throws `RangeError` for NUL, which no argument or path of a process can hold.
 */
export function quote(text: string): string {
  if (text.includes("\0")) throw new RangeError("a NUL byte cannot be a part of a shell word");
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
