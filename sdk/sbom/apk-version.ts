/** The parts of an Alpine version in their order; a part of a later kind is older (apk-tools, src/version.c, enum PARTS). */
const PARTS = ["first", "number", "letter", "suffix", "suffix number", "commit", "revision", "end", "wrong"] as const;

type Kind = (typeof PARTS)[number];

interface Part {
  readonly kind: Kind;
  readonly text: string;
}

/** Suffixes by age; those in front of "" come before the release (apk-tools, src/version.c, enum SUFFIX). */
const SUFFIXES = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"];

/** What may follow: the kind, its form, and the last kind that it may follow. */
const FORMS: readonly (readonly [kind: Kind, form: RegExp, after: Kind])[] = [
  ["first", /^\d+/, "first"],
  ["number", /^\.(\d*)/, "number"],
  ["letter", /^[a-z]/, "number"],
  ["suffix", /^_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(?![a-z])/, "suffix number"],
  ["suffix number", /^\d+/, "suffix"],
  ["commit", /^~([0-9a-f]+)/, "suffix number"],
  ["revision", /^-r(\d*)/, "commit"],
];

/**
 * Compares two versions as Alpine's package manager does (apk-package(5), "pkgver"; apk-tools, src/version.c).
 *
 * @returns negative if `a` is older, positive if it is newer, 0 if they are equal
 */
export function compareApkVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let index = 0; ; index++) {
    const [one, other] = [left[index] as Part, right[index] as Part];
    if (one.kind !== other.kind) return differentKinds(one, other);
    if (one.kind === "end" || one.kind === "wrong") return 0;
    const order = compareParts(one, other);
    if (order !== 0) return order;
  }
}

function partsOf(version: string): Part[] {
  const parts: Part[] = [];
  for (let rest = version; ; ) {
    const last = parts.at(-1)?.kind;
    const found = rest === "" ? undefined : FORMS.find(([kind, form, after]) => follows(kind, last, after) && form.test(rest));
    if (!found) return [...parts, { kind: rest === "" && last !== undefined ? "end" : "wrong", text: "" }];
    const [kind, form] = found;
    const [whole, text = whole] = form.exec(rest) as RegExpExecArray;
    parts.push({ kind, text });
    rest = rest.slice(whole.length);
  }
}

function follows(kind: Kind, last: Kind | undefined, after: Kind): boolean {
  if (kind === "first" || last === undefined) return kind === "first" && last === undefined;
  if (kind === "suffix number") return last === "suffix";
  return PARTS.indexOf(last) <= PARTS.indexOf(after);
}

function compareParts({ kind, text }: Part, other: Part): number {
  if (kind === "suffix") return SUFFIXES.indexOf(text) - SUFFIXES.indexOf(other.text);
  // a number with a leading zero is a fraction: 1.05 is older than 1.1
  const isText = kind === "letter" || kind === "commit" || (kind === "number" && (text.startsWith("0") || other.text.startsWith("0")));
  if (isText) return text < other.text ? -1 : text > other.text ? 1 : 0;
  const [one, two] = [BigInt(text || 0), BigInt(other.text || 0)];
  return one < two ? -1 : one > two ? 1 : 0;
}

/** The longer version is newer, unless it goes on with a suffix that comes before a release. */
function differentKinds(one: Part, other: Part): number {
  if (isBefore(one)) return -1;
  if (isBefore(other)) return 1;
  return PARTS.indexOf(other.kind) - PARTS.indexOf(one.kind);
}

function isBefore({ kind, text }: Part): boolean {
  return kind === "suffix" && SUFFIXES.indexOf(text) < SUFFIXES.indexOf("");
}
