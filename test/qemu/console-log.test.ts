import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { CONSOLE_LIMIT, consoleReader, keepConsole, lastLines, readableLine } from "../../providers/qemu/plugin/console-log.ts";

const scratch = await mkdtemp(join(tmpdir(), "console-log-"));
after(() => rm(scratch, { recursive: true, force: true }));
const folder = (name: string): Promise<string> => mkdtemp(join(scratch, name));

/** Writes chunks to a console keeper as a guest would, and waits until it ends. */
async function keep(path: string, chunks: Iterable<string>): Promise<void> {
  const keeper = keepConsole(path);
  const closed = once(keeper, "close");
  const { stdin } = keeper;
  assert.ok(stdin);
  for (const chunk of chunks) if (!stdin.write(chunk)) await once(stdin, "drain");
  stdin.end();
  await closed;
}

describe("a machine's console", () => {
  test("is stored unchanged", async () => {
    const path = await folder("plain");
    await keep(path, ["one\r\n", "tw", "o\n", "\u001elinuxkit n 1.0 init\n"]);
    assert.deepEqual(await readdir(path), ["console.log"]);
    assert.deepEqual(await lastLines(path, 2), ["two", "linuxkit n 1.0 init"]);
  });

  test("never grows past its limit, and keeps its end", async () => {
    const path = await folder("long");
    const line = `${"x".repeat(999)}\n`;
    const count = Math.ceil((5 * CONSOLE_LIMIT) / line.length);
    await keep(
      path,
      (function* () {
        for (let index = 0; index < count; index++) yield line;
        yield "the end\n";
      })(),
    );
    assert.deepEqual((await readdir(path)).sort(), ["console.1.log", "console.log"]);
    for (const name of await readdir(path)) assert.ok((await stat(join(path, name))).size <= CONSOLE_LIMIT);
    assert.deepEqual(await lastLines(path, 2), ["x".repeat(999), "the end"]);
  });

  test("is read line by line, across log rotation and a split character", async () => {
    const path = await folder("read");
    const [log, previous] = [join(path, "console.log"), join(path, "console.1.log")];
    const read = consoleReader(path);
    assert.deepEqual(await read(), []);
    const accented = Buffer.from("é\n");
    await writeFile(log, Buffer.concat([Buffer.from("one\r\n"), accented.subarray(0, 1)]));
    assert.deepEqual(await read(), ["one"]);
    await appendFile(log, accented.subarray(1));
    assert.deepEqual(await read(), ["é"]);
    await appendFile(log, "three\nfo");
    await rename(log, previous);
    await writeFile(log, "ur\nfive\n");
    assert.deepEqual(await read(), ["three", "four", "five"]);
    assert.deepEqual(await read(), []);
  });

  test("has no lines if its file is missing", async () => assert.deepEqual(await lastLines(join(scratch, "none"), 5), []));

  const rows: [line: string, plain: string][] = [
    ["\x1b[2J\x1b[1;31mred\x1b[0m", "red"],
    ["\x1bcreset", "creset"],
    ["a\x00b\x07c\td", "abc\td"],
    ["\x1elinuxkit n 1.0 init\r", "linuxkit n 1.0 init"],
    ["ünïcode", "ünïcode"],
  ];
  for (const [line, plain] of rows)
    test(`${JSON.stringify(line)} is printed as ${JSON.stringify(plain)}`, () => assert.equal(readableLine(line), plain));
});
