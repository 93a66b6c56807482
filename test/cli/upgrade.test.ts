import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileEntry } from "../../sdk/archive/entry.ts";
import type { OriginSources } from "../../sdk/builder/origins.ts";
import { upgradedLock } from "../../sdk/builder/upgrade.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import type { Lock } from "../../sdk/resolve/lock.ts";
import { review } from "../../sdk/review/review.ts";
import { web } from "../review/definitions.ts";
import { lockedDeb } from "../support/locked-deb.ts";
import { imageLayout } from "../support/image-layout.ts";

const MAIN = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cli-upgrade-"));
after(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
    env: { ...process.env, XDG_CACHE_HOME: join(folder, "cache") },
  });
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const lockOf = (name: string): Lock => JSON.parse(readFileSync(join(folder, name), "utf8")) as Lock;

for (const name of ["app", "newer"]) mkdirSync(join(folder, name));
await imageLayout(join(folder, "app"), [[fileEntry("app", "1")]], {});
await imageLayout(join(folder, "newer"), [[fileEntry("app", "2")]], {});
write("os.yml", "services:\n  - name: web\n    image: oci:app:1\n    command: [/app]\n");

describe("upgrade", () => {
  test("shows what newer images change, and writes the lock only when told", () => {
    const built = run("build", "os.yml", "--write-lock", "lock.json", "--format", "tar", "--no-sbom");
    assert.equal(built.status, 0, built.stderr);
    const before = readFileSync(join(folder, "lock.json"));
    const same = run("upgrade", "os.yml", "--lock", "lock.json");
    assert.deepEqual([same.status, same.stdout], [0, "nothing changes inside the OS\n"], same.stderr);

    // the tag moves to another image
    const layer = JSON.parse(readFileSync(join(folder, "newer/index.json"), "utf8")) as { manifests: [{ digest: string }] };
    spawnSync("cp", ["-r", join(folder, "newer/blobs"), join(folder, "app")]);
    copyFileSync(join(folder, "newer/index.json"), join(folder, "app/index.json"));
    const shown = run("upgrade", "os.yml", "--lock", "lock.json");
    assert.equal(shown.status, 0, shown.stderr);
    assert.match(shown.stdout, /^ {2}services\.web: digest of the image changed from sha256:.+ to sha256:.+$/m);
    assert.deepEqual(readFileSync(join(folder, "lock.json")), before);

    const written = run("upgrade", "os.yml", "--lock", "lock.json", "--write-lock", "new.json", "--format", "json");
    assert.equal(written.status, 0, written.stderr);
    assert.equal(JSON.parse(written.stdout).changes.length, 1);
    assert.deepEqual(Object.values(lockOf("new.json").images), [layer.manifests[0].digest]);
    assert.deepEqual(readFileSync(join(folder, "lock.json")), before);
    assert.equal(run("upgrade", "os.yml", "--lock", "new.json").stdout, "nothing changes inside the OS\n");
  });

  for (const [args, status, want] of [
    [["os.yml"], 2, /^--lock is missing: it says which versions to upgrade from\n/],
    [["os.yml", "--lock", "os.yml"], 1, /^INVALID_DEFINITION: --lock: os\.yml: not JSON/],
    [["os.yml", "--lock", "lock.json", "--format", "pdf"], 2, /^--format: got "pdf"/],
  ] as const) {
    test(args.join(" "), () => {
      const got = run("upgrade", ...args);
      assert.deepEqual([got.status, got.stdout], [status, ""]);
      assert.match(got.stderr, want);
    });
  }

  test("of packages: each has both versions, and so has a boot loader in the lock", async () => {
    const { spec } = web();
    const at = (version: string): OriginSources => ({
      lockDebian: async ({ debian: { role, packages } }) => ({
        packages: (role === "packages" ? packages : [role]).map((name) => lockedDeb(name, version)),
      }),
      lockLoaders: async (names) => names.map((name) => lockedDeb(name, version)),
      findImage: () => Promise.reject(new Error("no image is named")),
      readAccounts: () => Promise.reject(new Error("no image is named")),
      findLayout: () => Promise.reject(new Error("no image is named")),
    });
    const cacheDir = join(folder, "cache");
    const context = { arch: "amd64", cacheDir, store: new BlobStore(cacheDir), folder } as const;
    const loaders = { "systemd-boot-efi": lockedDeb("systemd-boot-efi", "1") };
    const old = await upgradedLock(spec, { version: 1, arch: "amd64", debian: {}, images: {}, loaders }, context, at("1.9-1"));
    const now = await upgradedLock(spec, old, context, at("1.10-1"));
    assert.equal(now.loaders?.["systemd-boot-efi"]?.version, "1.10-1");
    const { changes } = review({ definition: spec, lock: old }, { definition: spec, lock: now });
    assert.ok(
      changes.some(({ part, message }) => part === "services.web" && message === "package nginx-light upgraded from 1.9-1 to 1.10-1"),
    );
    assert.ok(changes.every(({ direction, message }) => direction === "narrows" && message.endsWith("upgraded from 1.9-1 to 1.10-1")));
  });
});
