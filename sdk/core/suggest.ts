/**
 * The known name that was most likely meant: one that begins with what was typed, else the nearest by edits, if
 * it is near enough.
 */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  const lower = typed.toLowerCase();
  const longer = names.filter((name) => lower.length > 3 && name.toLowerCase().startsWith(lower));
  if (longer.length > 0) return longer.sort((a, b) => a.length - b.length)[0];
  const ending = names.find((name) => name.toLowerCase() === `cap_${lower}`);
  if (ending) return ending;
  const limit = typed.length < 3 ? 0 : Math.max(1, Math.floor(typed.length / 3));
  let best: { name: string; edits: number } | undefined;
  for (const name of names) {
    const edits = editDistance(lower, name.toLowerCase());
    if (edits <= limit && (best === undefined || edits < best.edits)) best = { name, edits };
  }
  return best?.name;
}

/** `: did you mean "x"?`, or nothing when no known name is near. */
export function didYouMean(typed: unknown, known: Iterable<string>): string {
  const name = typeof typed === "string" ? nearest(typed, known) : undefined;
  return name === undefined ? "" : `: did you mean ${JSON.stringify(name)}?`;
}

// optimal string alignment: a letter more, less or other, or two neighbours swapped, is one edit
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(
          (row[j - 1] as number) + (same ? 0 : 1),
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          swapped ? (before[j - 2] as number) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}
