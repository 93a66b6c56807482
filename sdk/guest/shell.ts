/**
 * Tag for a shell script held in a template: all characters stand for themselves, `\n` and `\036` too, except that
 * `\${` is the shell's `${`. A value put in by `${…}` is quoted into one word by the caller.
 */
export function shell(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: parts.raw.map((part) => part.replaceAll("\\${", "${")) }, ...values);
}
