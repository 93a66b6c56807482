import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildDefinition } from "../../sdk/builder/build.ts";
import { judge, scratch } from "../support/judge.ts";
import { makeOwnCache } from "../support/own-cache.ts";
import { webDefinition } from "../support/web-example.ts";

const BUILD = fileURLToPath(new URL("build-locked.ts", import.meta.url));

interface Environment {
  readonly zone: string;
  readonly umask: string;
  readonly locale: string;
  /** A CPU list for taskset(1). */
  readonly cpus: string;
  /** The folders of the shared cache that its own cache starts with. */
  readonly cached: readonly string[];
}

test("one lock gives the same bytes under another zone, umask, locale, folder and CPU count, from a cold and a warm cache", {
  timeout: 600_000,
}, async () => {
  await using folder = await scratch();
  const definition = await webDefinition();
  const outputDir = join(folder.path, "here");
  const { files, lock } = await buildDefinition(definition, { format: "kernel+initrd", name: "web", outputDir });
  const request = join(folder.path, "request.json");
  await writeFile(request, JSON.stringify({ definition, lock }));

  const cpus = /^Cpus_allowed_list:\s*(\S+)/m.exec(await readFile("/proc/self/status", "utf8"))?.[1] ?? "0";
  const [first = "0"] = cpus.split(/[-,]/);
  const environments: Readonly<Record<string, Environment>> = {
    cold: { zone: "Asia/Kathmandu", umask: "077", locale: "tr_TR.UTF-8", cpus: first, cached: ["blobs", "indexes"] },
    warm: { zone: "America/St_Johns", umask: "000", locale: "C", cpus, cached: ["blobs", "indexes", "segments"] },
  };
  for (const [name, { zone, umask, locale, cpus, cached }] of Object.entries(environments)) {
    const cwd = join(folder.path, name, "work", "deep");
    await mkdir(cwd, { recursive: true });
    const [out, cache] = [join(folder.path, name, "out"), await makeOwnCache(join(folder.path, name, "cache"), cached)];
    const env = { ...process.env, TZ: zone, LANG: locale, LC_ALL: locale };
    const child = spawn(
      "taskset",
      ["-c", cpus, "sh", "-c", `umask ${umask}; exec "$@"`, "sh", process.execPath, BUILD, request, out, cache],
      { cwd, env, timeout: 300_000, stdio: ["ignore", "pipe", "inherit"] },
    );
    const { made, all } = JSON.parse(await text(child.stdout)) as { made: number; all: number };
    assert.equal(made, name === "cold" ? all : 0, `${name}: segments made again`);
    assert.deepEqual((await readdir(out)).sort(), files.map((file) => file.name).sort());
    for (const file of files) judge("cmp", file.path, join(out, file.name));
  }
});
