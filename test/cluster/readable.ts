import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { readInitrd } from "../../sdk/archive/read-initrd.ts";
import { collect } from "../../sdk/core/bytes.ts";
import type { Stack } from "../support/engine.ts";

/** What a run has left where others than its cluster can read it. */
interface Run {
  readonly stack: Stack;
  /** What the commands of the run have said at -v=9. */
  readonly log: string;
  readonly stateDir: string;
  readonly cacheDir: string;
}

/** Files of a machine that are not searched here: links to its image, which is searched on its own, sockets, and its own disk. */
const IMAGE_OR_DISK = /initrd|kernel|squashfs|sock$|disk/;

/**
 * Lines of the engine and of Pulumi's SDK that have each value that they send or get, of every provider's (pulumi,
 * sdk/go/common/resource/plugin/rpc.go, sdk/nodejs/runtime/resource.ts).
 */
const PULUMIS_OWN = /"(?:Unm|M)arshaling property for RPC\[|RegisterResource(?:Outputs)? RPC (?:prepared|finished): /;

/** The lines of a log that are not Pulumi's own. */
export function ours(log: string): string {
  return log
    .split("\n")
    .filter((line) => !PULUMIS_OWN.test(line))
    .join("\n");
}

/** The engine's events less those for debugging, which are lines of the log. */
export function events(log: string): string {
  return log
    .split("\n")
    .filter((line) => !line.includes('"severity":"debug"'))
    .join("\n");
}

/**
 * The texts in which no token and no private key may be: the state, the logs, what is on this host of each machine
 * (its record, its console's log, the items of its firmware), the command lines of its processes, and the files of the images.
 */
export async function* readable({ stack, log, stateDir, cacheDir }: Run): AsyncGenerator<readonly [place: string, text: Buffer]> {
  yield ["the state", Buffer.from(await stack.stateText())];
  yield ["the log", Buffer.from(ours(log))];
  for (const name of await readdir(stack.home))
    if (name.endsWith(".json")) yield [name, Buffer.from(events(await readFile(join(stack.home, name), "utf8")))];
  for (const { id, path } of await listMachineFolders(stateDir))
    for (const name of await readdir(path)) if (!IMAGE_OR_DISK.test(name)) yield [`${id}/${name}`, await readFile(join(path, name))];
  yield* commandsIn(stateDir);
  const artifacts = join(cacheDir, "artifacts");
  for (const artifact of await readdir(artifacts))
    for (const name of await readdir(join(artifacts, artifact)))
      for await (const text of imageFiles(join(artifacts, artifact, name))) yield [`${name}${OF_AN_IMAGE}`, text];
}

const OF_AN_IMAGE = " of an image";

async function* commandsIn(folder: string): AsyncGenerator<readonly [place: string, text: Buffer]> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const place = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    const command = await readFile(`/proc/${pid}/cmdline`).catch(() => Buffer.alloc(0));
    if (place.startsWith(folder) || command.includes(folder)) yield [`the command line of ${pid}`, command];
  }
}

/** Bytes of a file of an initrd: dockerd is larger than what `collect` takes by itself. */
const LARGEST_FILE = 2 ** 29;

async function* imageFiles(file: string): AsyncGenerator<Buffer> {
  if (file.endsWith("squashfs.img")) yield* unpackedFiles(file);
  else if (!file.endsWith("initrd.img")) yield readFile(file);
  else
    for await (const { type, body } of readInitrd((start) => createReadStream(file, { start }), file))
      if (type === "file") yield Buffer.from(await collect(body, LARGEST_FILE));
}

async function* unpackedFiles(squashfs: string): AsyncGenerator<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "unpacked-"));
  try {
    execFileSync("unsquashfs", ["-no-xattrs", "-ignore-errors", "-force", "-dest", folder, squashfs], {
      stdio: "ignore",
      timeout: 300_000,
    });
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) yield readFile(join(entry.parentPath, entry.name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How a join token, an unlock key and a private key begin. The programs of an image have these words too. */
const BEGINNINGS = /SWMTKN-1-|SWMKEY-1-|PRIVATE KEY|"client-key-data"/;

/** The start of the line, and what is before the match. */
function before({ index, input }: RegExpExecArray): string {
  const line = input.slice(input.lastIndexOf("\n", index) + 1, index);
  return line.length > 800 ? `${line.slice(0, 200)} … ${line.slice(-600)}` : line;
}

/** What can be read of some secrets, and of others of their kinds: lines that name the place. */
export async function leaks(run: Run, secrets: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const [place, text] of readable(run)) {
    for (const [index, secret] of secrets.entries()) if (text.includes(secret)) found.push(`secret ${index} in ${place}`);
    const beginning = place.endsWith(OF_AN_IMAGE) ? undefined : BEGINNINGS.exec(text.toString("latin1"));
    if (beginning) found.push(`${beginning[0]} in ${place}, after ${before(beginning)}`);
  }
  return found;
}
