import { formatPath } from "../../core/property-path.ts";
import { isDeferred } from "../../core/deferred.ts";
import type { Found } from "../finding.ts";
import type { Rules } from "../rule.ts";
import { list, type Subject } from "../subject.ts";

/** Patterns of secrets that are recognized in any text. */
const LOOKS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/],
  ["an AWS access key", /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/],
  ["a GitHub token", /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})/],
  ["a GitLab token", /\bglpat-[A-Za-z0-9_-]{20,}/],
  ["a Slack token", /\bxox[abprs]-[A-Za-z0-9-]{10,}/],
  ["a Google API key", /\bAIza[A-Za-z0-9_-]{35}\b/],
  ["a Pulumi token", /\bpul-[0-9a-f]{40}\b/],
  ["a signed web token", /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/],
  ["a password in an address", /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/:@${}]{3,}@/],
  ["a hash of a password", /\$(?:[156y]|2[aby])\$[./A-Za-z0-9$,=]{20,}/],
];

/** Assignments such as `PASSWORD=…` in environments and command lines. A path or a variable as the value does not match. */
const NAMED =
  /\b([A-Za-z0-9_-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)s?)[=: ]+["']?([^\s"'$/{][^\s"']{5,})/i;
const NAMES_A_PLACE = /(?:_FILE|_PATH|_DIR|_URL|_NAME|_ID)$/i;

/** Rules on secrets: SP 800-190 4.1.4. */
export const SECRET_RULES: Rules = {
  "secret-in-clear": {
    sections: ["4.1.4"],
    level: "mandatory",
    holds: "no secret is in files, environments or command lines",
    check: (subject) =>
      texts(subject).flatMap(({ path, text, named }): Found[] => {
        const what = secretIn(text, named);
        return what === undefined
          ? []
          : [
              {
                path,
                message: `it looks like ${what}, which everyone with the image can read`,
                remedy: "pass it in `secrets` of the service, which are not written to the image",
              },
            ];
      }),
  },
};

/** The kind of secret that a text contains, without its value; `undefined` if it contains no secret. */
export function secretIn(text: string, named: boolean): string | undefined {
  const look = LOOKS.find(([, pattern]) => pattern.test(text));
  if (look) return look[0];
  const name = named ? NAMED.exec(text)?.[1] : undefined;
  return name === undefined || NAMES_A_PLACE.test(name) ? undefined : `the value of ${name}`;
}

interface Text {
  readonly path: string;
  readonly text: string;
  /** Whether to look for assignments such as `PASSWORD=…`. Not in files, where source code has such lines without a secret. */
  readonly named: boolean;
}

function texts({ definition, containers }: Subject): Text[] {
  const found: Text[] = [];
  const add = (path: string, text: unknown, named: boolean): void => void (typeof text === "string" && found.push({ path, text, named }));
  const { kernel } = definition;
  if (kernel && !isDeferred(kernel)) add("kernel.cmdline", kernel.cmdline, true);
  for (const file of list(definition.files)) if (!isDeferred(file)) add(formatPath(["files", file.path, "contents"]), file.contents, false);
  for (const { container, at } of containers) {
    for (const [index, pair] of list(container.env).entries()) add(at("env", index), pair, true);
    // joined, because an option and its value are two words of a command
    const command = list(container.command);
    if (command.every((word) => typeof word === "string")) add(at("command"), command.join(" "), true);
    for (const [name, value] of isDeferred(container.annotations) ? [] : Object.entries(container.annotations ?? {}))
      add(at("annotations", name), `${name}=${value}`, true);
    if (typeof container.image !== "object" || isDeferred(container.image) || isDeferred(container.image.debian)) continue;
    for (const file of list(container.image.debian.files))
      if (!isDeferred(file)) add(at("image", "files", file.path), file.contents, false);
  }
  return found;
}
