/** What a reader does at one block of code of a document. */
export type DocumentStep =
  | { readonly kind: "write"; readonly name: string; readonly text: string }
  | { readonly kind: "run"; readonly commands: string }
  /** A piece of a program, without a file of its own. */
  | { readonly kind: "piece"; readonly text: string };

/**
 * The blocks of a document in their order: a reader runs what is in `sh`, and writes another into the file that the text
 * before it names, such as `index.ts`. A script that names its interpreter is such a file too.
 */
export function documentSteps(text: string): DocumentStep[] {
  const steps: DocumentStep[] = [];
  for (const [, before = "", language = "", body = ""] of text.matchAll(/([\s\S]*?)^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (language === "sh" && !body.startsWith("#!")) {
      steps.push({ kind: "run", commands: body });
      continue;
    }
    const paragraph = before.trim().split(/\n\n/).at(-1) ?? "";
    const [, name] = /`([\w./-]+\.(?:ts|js|py|sh|json|yaml|yml))`/.exec(paragraph) ?? [];
    if (name !== undefined) steps.push({ kind: "write", name, text: body });
    else if (language === "ts") steps.push({ kind: "piece", text: body });
  }
  return steps;
}
