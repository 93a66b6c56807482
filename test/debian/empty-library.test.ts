import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ARCHES, type Arch } from "../../sdk/core/arch.ts";
import { readElf } from "../../sdk/debian/elf.ts";
import { elfImports } from "../../sdk/debian/elf-imports.ts";
import { EMPTY_LIBRARIES, emptyLibraries } from "../../sdk/debian/empty-libraries.ts";
import { emptyLibrary } from "../../sdk/debian/empty-library.ts";
import { scratch } from "../support/judge.ts";

const run = promisify(execFile);
const HOST = ({ x64: "amd64", arm64: "arm64", s390x: "s390x" } as const)[process.arch as "x64"] as Arch;
const SONAME = "libselinux.so.1";

test("the loader takes an empty library for the one that a program needs, and each function says that it is not implemented", async () => {
  await using folder = await scratch();
  const program = await realpath("/bin/ls");
  const functions = elfImports(await readFile(program), SONAME, program);
  assert.ok(functions.some(({ version }) => version === "LIBSELINUX_1.0"));
  // with LD_BIND_NOW the loader looks all functions up before it starts the program, as it does for crun
  const list = (env: NodeJS.ProcessEnv = {}) =>
    run(program, ["-Z", "-d", "/"], { env: { LD_BIND_NOW: "1", LC_ALL: "C", LD_LIBRARY_PATH: folder.path, ...env } });

  await writeFile(join(folder.path, SONAME), emptyLibrary(SONAME, functions, HOST));
  const loaded = await list({ LD_TRACE_LOADED_OBJECTS: "1" });
  assert.match(loaded.stdout, new RegExp(`${SONAME} => ${folder.path}/${SONAME} `));
  // getfilecon() failed, and so there is no context
  assert.match((await list()).stdout, /^\? \/\n$/);

  await writeFile(join(folder.path, SONAME), emptyLibrary(SONAME, functions.slice(1), HOST));
  await assert.rejects(list(), new RegExp(`undefined symbol: ${functions[0]?.name}`));

  const other = functions.map(({ name }) => ({ name, version: "OTHER_1" }));
  await writeFile(join(folder.path, SONAME), emptyLibrary(SONAME, other, HOST));
  await assert.rejects(list(), /version `LIBSELINUX_1\.0' not found/);
});

test("an empty library of any architecture names itself, and needs nothing", () => {
  for (const arch of ARCHES) {
    const library = emptyLibrary(
      "libempty.so.1",
      [
        { name: "one", version: "V_1" },
        { name: "two", version: "V_2" },
      ],
      arch,
    ); // prettier-ignore
    assert.deepEqual(readElf(library, arch), { soname: "libempty.so.1", needed: [], runpath: [] });
    assert.equal(library.readUInt16LE(18) === 62 || library.readUInt16LE(18) === 183 || library.readUInt16BE(18) === 22, true);
  }
});

test("a library that the packages have is not emptied", async () => {
  const program = await readFile(await realpath("/bin/ls"));
  const [soname] = EMPTY_LIBRARIES as readonly [string];
  assert.deepEqual([...emptyLibraries(program, new Set(["usr/lib/x/libc.so.6", `usr/lib/x/${soname}`]), HOST)], []);
  // a program that does not need it, and an image without a C library
  assert.deepEqual([...emptyLibraries(program, new Set(["usr/lib/x/libc.so.6"]), HOST)], []);
  assert.deepEqual([...emptyLibraries(program, new Set(), HOST)], []);
});
