/** Columns that a line may have before it is broken. */
const WIDTH = 120;

/** Source code that appears unquoted inside a literal. */
export class Code {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A value as a TypeScript literal, on one line if it fits, otherwise one member a line.
 *
 * @param indent spaces at the start of the line that the literal begins on
 * @param used columns of that line that are already taken
 */
export function literal(value: unknown, indent = 0, used = indent): string {
  if (value instanceof Code) return value.text;
  if (typeof value === "string") return text(value);
  if (typeof value !== "object" || value === null) return String(value);
  const short = oneLine(value);
  if (!short.includes("\n") && used + short.length <= WIDTH) return short;
  const inner = " ".repeat(indent + 2);
  const members = Array.isArray(value)
    ? value.map((item) => literal(item, indent + 2))
    : Object.entries(value).map(([name, member]) => `${key(name)}: ${literal(member, indent + 2, indent + 2 + key(name).length + 2)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${members.map((member) => `${inner}${member},\n`).join("")}${" ".repeat(indent)}${close}`;
}

/** A constructor call: `new Service("web", { … })`. Only the last argument may take several lines. */
export function call(name: string, args: readonly unknown[], indent: number): Code {
  const [last, ...before] = args.toReversed();
  const start = `new ${name}(${before
    .toReversed()
    .map((arg) => `${literal(arg)}, `)
    .join("")}`;
  return new Code(`${start}${literal(last, indent, indent + start.length + 2)})`);
}

function oneLine(value: unknown): string {
  if (value instanceof Code) return value.text;
  if (typeof value === "string") return text(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  const members = Object.entries(value).map(([name, member]) => `${key(name)}: ${oneLine(member)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) && name !== "__proto__" ? name : name === "__proto__" ? '["__proto__"]' : text(name);
}

// several lines read better as they are, unless something in them could not be seen
function text(value: string): string {
  if (!/\n./.test(value) || /[^\n\t\x20-\x7e\u00a1-\u1fff\u3000-\ud7ff]|[ \t]$/m.test(value)) return JSON.stringify(value);
  return `\`${value.replaceAll(/[\\`]|\$\{/g, "\\$&")}\``;
}
