import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ExitStatus, type Terminal } from "../../sdk/cli/command.ts";
import { movedVersions, outdated } from "../../sdk/cli/outdated.ts";
import { debian } from "../../sdk/debian/images.ts";
import type { LockedDeb } from "../../sdk/debian/locked.ts";
import { Image } from "../../sdk/definition/image.ts";
import { Service } from "../../sdk/definition/service.ts";
import { sourceKey } from "../../sdk/resolve/image-source.ts";
import type { Lock } from "../../sdk/resolve/lock.ts";
import { TestRegistry } from "../support/registry.ts";
import { addImage } from "../support/test-image.ts";

const folder = await mkdtemp(join(tmpdir(), "outdated-"));
after(() => rm(folder, { recursive: true, force: true }));
process.env.PULUMI_LINUXKIT_CACHE = join(folder, "cache");

/** Runs the command in this process. */
async function run(...args: string[]): Promise<{ readonly printed: string; readonly status: number }> {
  const printed: string[] = [];
  const print = (line: string) => void printed.push(line);
  const terminal = { print, fail: print, note: () => {}, passing: () => {}, signal: new AbortController().signal } as unknown as Terminal;
  let status = 0;
  await outdated.run(args, terminal).catch((error: unknown) => {
    if (!(error instanceof ExitStatus)) throw error;
    status = error.status;
  });
  return { printed: printed.join("\n"), status };
}

describe("outdated", () => {
  test("tells the tag that has moved by its exit status, as a table and as JSON", async () => {
    await using registry = await TestRegistry.start();
    const tag = `${registry.host}/team/app:1`;
    const push = async (command: string): Promise<string> =>
      (await addImage(registry, "team/app", [[]], { tags: ["1"], config: { Cmd: [command] } })).digest;
    const first = await push("one");
    const [file, lock] = [join(folder, "os.yml"), join(folder, "lock.json")];
    await writeFile(file, `init: ["${tag}"]\n`);
    await writeFile(lock, JSON.stringify({ version: 1, arch: "amd64", debian: {}, images: { [tag]: first } }));
    assert.deepEqual(await run(file, "--lock", lock), { printed: "nothing has moved", status: 0 });
    const second = await push("two");
    const { printed, status } = await run(file, "--lock", lock, "--json");
    assert.deepEqual(JSON.parse(printed), [{ name: tag, from: first, to: second, parts: ["image"] }]);
    assert.equal(status, 1);
    assert.match(
      (await run(file, "--lock", lock)).printed,
      /^name +locked +now +in\n\S+\/team\/app:1 +sha256:[0-9a-f]{12}… +sha256:[0-9a-f]{12}… +image$/,
    );
  });

  test("without a registry it ends with 2; without a lock it says which option is missing", async () => {
    const [file, lock] = [join(folder, "gone.yml"), join(folder, "empty.json")];
    await writeFile(file, 'init: ["127.0.0.1:1/team/app:1"]\n');
    await writeFile(lock, JSON.stringify({ version: 1, arch: "amd64", debian: {}, images: {} }));
    const { printed, status } = await run(file, "--lock", lock);
    assert.match(printed, /^NETWORK: /);
    assert.equal(status, 2);
    await assert.rejects(run(file), /--lock is missing/);
  });

  test("names a package once, with every part that has it, and those that came or went", () => {
    const image = debian.packages({ packages: ["nginx-light"] });
    const services = ["a", "b"].map((name) => new Service(name, { image, command: ["x"] }));
    const { spec } = new Image({ services });
    const lockOf = (versions: Readonly<Record<string, string>>): Lock => ({
      version: 1,
      arch: "amd64",
      debian: { [sourceKey(image)]: { packages: Object.entries(versions).map(([name, version]) => ({ name, version }) as LockedDeb) } },
      images: {},
    });
    assert.deepEqual(movedVersions(spec, lockOf({ libc6: "1", nginx: "1", old: "3" }), lockOf({ libc6: "2", nginx: "1", new: "4" })), [
      { name: "libc6", from: "1", to: "2", parts: ["services.a", "services.b"] },
      { name: "new", from: null, to: "4", parts: ["services.a", "services.b"] },
      { name: "old", from: "3", to: null, parts: ["services.a", "services.b"] },
    ]);
  });
});
