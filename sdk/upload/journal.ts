import { type FileHandle, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fromFileSystem } from "../core/errors.ts";
import { makeFolder } from "../core/make-folder.ts";

/**
 * The progress of an upload in a file, from which a killed upload resumes. Each line is one JSON value; an incomplete last
 * line is ignored. Without the file an upload starts over; it never goes wrong.
 */
export interface Journal {
  /** The lines of the earlier run. */
  readonly before: readonly unknown[];
  append(line: unknown): Promise<void>;
  /** Drops all lines: the upload starts over. */
  restart(): Promise<void>;
  /** Deletes the file: the upload has ended. */
  remove(): Promise<void>;
  /** Keeps the file for the next run. */
  close(): Promise<void>;
}

/** @throws UNWRITABLE, DISK_FULL */
export async function openJournal(path: string): Promise<Journal> {
  const text = await readFile(path, "utf8").catch(() => "");
  let file: FileHandle;
  try {
    await makeFolder(dirname(path));
    file = await open(path, "a", 0o600);
    // drop an incomplete last line, so that the next one is whole
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
