/** Longer names are cut in the middle, in characters: a path may have 4,096 bytes. */
const LONGEST = 160;

/** A name as a review shows it. One long name would push everything below it out of a comment. */
export function shortened(name: string): string {
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST / 2)}…${name.slice(-LONGEST / 2)}`;
}
