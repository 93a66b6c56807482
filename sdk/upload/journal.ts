import { type FileHandle, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fromFileSystem } from "../core/errors.ts";

/**
 * What an upload has done so far, in a file: who is killed finds there what to go on with. Each line is one JSON value,
 * appended; a last line that was cut is none. Losing the file costs an upload from the start, never a wrong one.
 */
export interface Journal {
  /** The lines of the run before. */
  readonly before: readonly unknown[];
  append(line: unknown): Promise<void>;
  /** Begins anew: nothing of the run before holds any more. */
  restart(): Promise<void>;
  /** The upload is over, one way or the other. */
  remove(): Promise<void>;
  /** Leaves the file for the next run. */
  close(): Promise<void>;
}

/** The lines of a journal as it stands: those of a run before, or of another process that is writing them. */
export async function readJournal(path: string): Promise<unknown[]> {
  return linesOf(await readFile(path, "utf8").catch(() => ""));
}

/** @throws UNWRITABLE, DISK_FULL */
export async function openJournal(path: string): Promise<Journal> {
  const text = await readFile(path, "utf8").catch(() => "");
  let file: FileHandle;
  try {
    await mkdir(dirname(path), { recursive: true });
    file = await open(path, "a", 0o600);
    // a line that was cut ends here, so that the next one is whole
    if (text !== "" && !text.endsWith("\n")) await file.truncate(Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1)));
  } catch (error) {
    throw fromFileSystem(error, path);
  }
  return {
    before: linesOf(text),
    async append(line) {
      await file.appendFile(`${JSON.stringify(line)}\n`);
    },
    restart: () => file.truncate(0),
    async remove() {
      await file.close();
      await rm(path, { force: true });
    },
    close: () => file.close(),
  };
}

function linesOf(text: string): unknown[] {
  return text
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => parse(line));
}

function parse(line: string): unknown[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
