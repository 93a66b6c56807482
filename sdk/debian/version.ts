/**
 * Compares two Debian versions like dpkg (deb-version(7)): epoch, then upstream version, then revision.
 *
 * @returns negative if `a` is older, positive if it is newer, 0 if they are equal
 */
export function compareVersions(a: string, b: string): number {
  const left = splitVersion(a);
  const right = splitVersion(b);
  return left.epoch - right.epoch || comparePart(left.upstream, right.upstream) || comparePart(left.revision, right.revision);
}

/** A relation between versions, in the syntax of dependencies. */
export type VersionRelation = "<<" | "<=" | "=" | ">=" | ">>";

/** Whether `version relation wanted` holds: `satisfies("1.2-1", ">=", "1.0")`. */
export function satisfies(version: string, relation: VersionRelation, wanted: string): boolean {
  const order = compareVersions(version, wanted);
  switch (relation) {
    case "<<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">>":
      return order > 0;
  }
}

function splitVersion(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(":");
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? 0 : Number.parseInt(version.slice(0, colon), 10) || 0,
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? "" : rest.slice(dash + 1),
  };
}

// Compares alternately a run without digits, by weight, and a run of digits, as a number.
function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const order = weight(a, i) - weight(b, j);
      if (order !== 0) return order;
      i++;
      j++;
    }
    const [left, afterLeft] = digits(a, i);
    const [right, afterRight] = digits(b, j);
    // without leading zeros the longer run is the greater number; comparing text loses no precision
    const order = left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
    if (order !== 0) return order;
    i = afterLeft;
    j = afterRight;
  }
  return 0;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

// "~" sorts before the end of the part, the end before letters, letters before everything else
function weight(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0;
  const code = text.charCodeAt(at);
  if (code === 0x7e) return -1;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isLetter ? code : code + 256;
}

function digits(text: string, at: number): [string, number] {
  let end = at;
  while (end < text.length && isDigit(text, end)) end++;
  return [text.slice(at, end).replace(/^0+/, ""), end];
}
