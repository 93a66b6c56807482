/**
 * Tag for a shell script in a template. Every character is literal, including `\n` and `\036`, but `\${` is the shell's
 * `${`. The caller must quote a value that it inserts with `${…}`.
 */
export function shell(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: parts.raw.map((part) => part.replaceAll("\\${", "${")) }, ...values);
}
