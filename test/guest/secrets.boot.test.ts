import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { FIRMWARE } from "../../sdk/guest/firmware.ts";
import { File } from "../../sdk/index.ts";
import { KINDS, leakOf } from "../support/planted.ts";
import { Random, seed } from "../support/random.ts";
import { boot } from "../support/qemu.ts";
import { buildImage, dhcp, service, task } from "./image.ts";

const SEED = seed();

test(`no name, SBOM or console shows a secret of the definition, even where its services fail (TEST_SEED=${SEED})`, {
  timeout: 300_000,
}, async () => {
  const random = new Random(SEED);
  const secrets: string[] = [];
  const plant = (kind: keyof typeof KINDS): string => {
    const text = KINDS[kind](random);
    secrets.push(text);
    return text;
  };
  const password = plant("lines");
  const built = await buildImage({
    onboot: [dhcp(), task("fails", "exit 3", { optional: true, env: [`TOKEN=${plant("word")}`] })],
    services: [
      service("ends", `: ${plant("word")}; exit 4`, { restart: "never", env: { KEY: plant("long") } }),
      service("ill", "exec sleep 100000", {
        env: { PASSWORD: plant("quotes") },
        health: { command: ["/bin/sh", "-c", `: ${plant("word")}; exit 5`], interval: 1, retries: 1, timeout: 1 },
      }),
      service("asks", "exec sleep 100000", {
        health: { http: { port: 81, path: `/${plant("word")}` }, interval: 1, retries: 1, timeout: 1 },
      }),
      service("gone", "exec sleep 100000", { cwd: `/${plant("word")}`, secrets: { db: password } }),
    ],
    files: [new File("/etc/token", { contents: plant("long"), mode: "0600" }), new File("/etc/lines", { contents: plant("lines") })],
  });
  const folder = dirname(built.initrd);
  const names = await readdir(folder);
  const sbom = names.find((name) => name.endsWith(".spdx.json")) as string;
  assert.ok(sbom, names.join());
  assert.equal((await stat(built.initrd)).mode & 0o777, 0o600);

  await using machine = await boot({ ...built, firmware: { [FIRMWARE.secret("gone", "db")]: password } });
  await machine.until("its checks", (line) => line.stage === "service" && line.name === "asks" && line.state === "unhealthy");
  await machine.until("its end", (line) => line.stage === "service" && line.name === "ends" && line.state === "ended");
  for (const [index, secret] of secrets.entries())
    for (const text of [names.join(), await readFile(join(folder, sbom), "utf8"), machine.console()])
      assert.equal(leakOf(text, secret), undefined, `${index}: ${JSON.stringify(secret)} in ${text}`);
});
