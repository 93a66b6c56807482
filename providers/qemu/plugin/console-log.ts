import { type ChildProcess, spawn } from "node:child_process";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** The console's file in a machine's folder. A full file becomes `console.1.log`. */
export const CONSOLE_LOG = "console.log";
const FORMER_LOG = "console.1.log";

/** The most bytes in each of the two files. */
export const CONSOLE_LIMIT = 1 << 20;

/**
 * Copies its standard input to the console's file and starts a new file when that one is full, so that a noisy guest cannot
 * fill the host's disk. It is a separate process (a shell and `dd`, 2 MB of memory), because it must live as long as QEMU,
 * which outlives the plugin; it ends with QEMU. `dd` writes each read at once, and counts short reads: hence small blocks.
 */
const KEEPER = `
while dd bs=8 count=${CONSOLE_LIMIT / 8 - 1} >>${CONSOLE_LOG} 2>/dev/null
  dd bs=8 count=1 >console.next 2>/dev/null
  [ -s console.next ]
do mv ${CONSOLE_LOG} ${FORMER_LOG}; mv console.next ${CONSOLE_LOG}
done
rm -f console.next`;

/** Starts the process that keeps a machine's console. Give its `stdin` to QEMU, then close it. */
export function keepConsole(folder: string): ChildProcess {
  return spawn("/bin/sh", ["-c", KEEPER], { cwd: folder, detached: true, stdio: ["pipe", "ignore", "ignore"] });
}

/** Returns a function that returns the complete lines since its last call. */
export function consoleReader(folder: string): () => Promise<string[]> {
  const path = join(folder, CONSOLE_LOG);
  let inode: number | undefined;
  let offset = 0;
  let rest = "";
  return async () => {
    const stats = await stat(path).catch(() => undefined);
    if (!stats) return [];
    let text = "";
    if (inode !== undefined && inode !== stats.ino) {
      // a new file was started: first read the rest of the old one
      text = await readFrom(join(folder, FORMER_LOG), offset);
      offset = 0;
    }
    inode = stats.ino;
    const more = await readFrom(path, offset);
    offset += Buffer.byteLength(more, "latin1");
    const lines = (rest + text + more).split("\n");
    rest = lines.pop() as string;
    return lines.map(decode);
  };
}

/** The last lines of a machine's console, readable. */
export async function lastLines(folder: string, count: number): Promise<string[]> {
  const texts = await Promise.all([FORMER_LOG, CONSOLE_LOG].map((name) => readFile(join(folder, name), "latin1").catch(() => "")));
  return texts.join("").split("\n").map(decode).map(readableLine).filter(Boolean).slice(-count);
}

/** A console line without carriage returns, escape sequences and control characters. */
export function readableLine(line: string): string {
  return line
    .replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])/g, "")
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "")
    .trimEnd();
}

// read as bytes, so that offsets stay right when a character is split
async function readFrom(path: string, offset: number): Promise<string> {
  await using file = await open(path).catch(() => undefined);
  if (!file) return "";
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.max(0, size - offset));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
  return buffer.toString("latin1", 0, bytesRead);
}

function decode(line: string): string {
  return Buffer.from(line, "latin1").toString("utf8").replace(/\r+$/, "");
}
