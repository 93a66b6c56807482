import { lstat } from "node:fs/promises";
import { markState } from "./process-mark.ts";

/** How long a file of a process that cannot be seen from here counts as in use, in milliseconds: a day. */
const UNSEEN_MILLISECONDS = 24 * 60 * 60 * 1000;

export interface LeftBehindOptions {
  /** How long a file may rest before a process that cannot be seen from here counts as gone. @default a day */
  readonly unseenMilliseconds?: number;
  /** Milliseconds since 1970. @default now */
  readonly now?: number;
}

/**
 * Whether the process that a mark names has left a file behind: it is dead, or it runs elsewhere and the file has rested
 * for too long. False for a file that does not exist.
 */
export async function isLeftBehind(
  path: string,
  mark: string,
  { unseenMilliseconds = UNSEEN_MILLISECONDS, now = Date.now() }: LeftBehindOptions = {},
): Promise<boolean> {
  const state = markState(mark);
  if (state !== "elsewhere") return state === "dead";
  const stats = await lstat(path).catch(() => undefined);
  return stats !== undefined && now - stats.mtimeMs >= unseenMilliseconds;
}
