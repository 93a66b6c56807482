import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { advisoriesOf } from "../../sdk/advisory/advisory.ts";
import { readAdvisories } from "../../sdk/advisory/read-advisories.ts";
import { buildDefinition } from "../../sdk/builder/build.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { readBuild } from "../../sdk/cli/reviewed-build.ts";
import type { LockedDeb } from "../../sdk/debian/locked.ts";
import { openRepository } from "../../sdk/debian/repository.ts";
import { reviewBuilds } from "../../sdk/review/built.ts";
import { scratch } from "../support/judge.ts";
import { webDefinition } from "../support/web-example.ts";

// of a library that the security archive has renewed since the release, both versions can be had
test("two builds of examples/web with two versions of OpenSSL list the upgrade, and the advisories between them", async (context) => {
  await using folder = await scratch();
  const cacheDir = defaultCacheDir();
  const definition = await webDefinition();
  const build = async (name: string, lock?: Awaited<ReturnType<typeof buildDefinition>>["lock"]) => {
    const built = await buildDefinition(definition, { format: "kernel+initrd", outputDir: join(folder.path, name), lock });
    const file = join(folder.path, `${name}.json`);
    await writeFile(file, JSON.stringify(built));
    return { lock: built.lock, read: await readBuild(file) };
  };
  const now = await build("now");
  const repository = await openRepository({ arch: "amd64", cacheDir, store: new BlobStore(cacheDir) });
  const [newest, older] = await repository.versions("libssl3");
  assert.ok(newest && older && newest.version !== older.version, "the mirror has one version of libssl3");
  const earlier = (deb: LockedDeb): LockedDeb => {
    if (deb.name !== "libssl3") return deb;
    const { version, filename, size, sha256, archive } = older;
    return { ...deb, version, filename, size, sha256, archive, source: { name: "openssl", version } };
  };
  const debian = Object.entries(now.lock.debian).map(([key, { packages }]) => [key, { packages: packages.map(earlier) }] as const);
  const before = await build("before", { ...now.lock, debian: Object.fromEntries(debian) });

  const fault = (id: string, fixed: string) => ({
    id,
    affected: [
      {
        package: { ecosystem: "Debian:12", name: "openssl" },
        ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed }] }],
      },
    ],
  });
  const known = [fault("DSA-1-1", newest.version), fault("DSA-2-1", older.version), fault("DSA-3-1", `${newest.version}.1`)];
  const advisories = advisoriesOf(readAdvisories(JSON.stringify(known), "advisories"));
  const { changes } = reviewBuilds(before.read, now.read, advisories);
  context.diagnostic(`${older.version} to ${newest.version}`);
  assert.deepEqual(
    changes.flatMap(({ rule, direction, message }) => (rule === "package" || rule === "advisory" ? [`${direction} ${message}`] : [])),
    [
      `narrows known fault DSA-1-1 of openssl removed: ${newest.version} mends it`,
      `narrows package libssl3 upgraded from ${older.version} to ${newest.version}`,
    ],
  );
  // the segment with nginx's files holds the library, and no other part of the system differs
  const segments = changes.flatMap(({ rule, message }) => (rule === "segment" ? [/^segment (\S+)/.exec(message)?.[1]] : []));
  assert.ok(segments.length > 0 && segments.every((name) => name?.startsWith("services.")), segments.join());
});
