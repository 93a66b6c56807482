/** Longer texts are cut: a message must stay readable. In characters. */
const LONGEST = 80;

/** How a message shows a value that a user gave. What a list or an object holds is never shown. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "symbol") return "a value that is not known yet";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  if (typeof value === "string" && /PRIVATE KEY/.test(value)) return "a private key";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}…` : text;
}
