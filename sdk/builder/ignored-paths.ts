/** Whether a path of a folder, with `/` between its parts, is left out. */
export type Ignores = (path: string) => boolean;

/**
 * Reads a `.dockerignore`: one pattern a line, relative to the folder. `*` and `?` stay within a name, `**` does not; `!` takes
 * back what an earlier line left out, and the last line that matches counts. What is below an ignored folder is ignored with it.
 * Source: Docker documentation, "Build context", ".dockerignore files".
 */
export function ignoredPaths(text: string): Ignores {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const takesBack = line.startsWith("!");
      return { ignored: !takesBack, pattern: patternOf(takesBack ? line.slice(1).trim() : line) };
    });
  return (path) => rules.reduce((ignored, rule) => (rule.pattern.test(path) ? rule.ignored : ignored), false);
}

function patternOf(line: string): RegExp {
  const parts = line.split("/").filter((part) => part !== "" && part !== ".");
  const text = parts.map((part, index) => {
    const isLast = index === parts.length - 1;
    if (part === "**") return isLast ? ".*" : "(?:[^/]+/)*";
    const name = part
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll(/\*+/g, "[^/]*")
      .replaceAll("?", "[^/]");
    return isLast ? name : `${name}/`;
  });
  return new RegExp(`^${text.join("")}(?:/.*)?$`, "s");
}
