import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "../../sdk/builder/build.ts";
import { pull } from "../../sdk/builder/pull.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import type { FormatName } from "../../sdk/format/formats.ts";
import { diskOs } from "../support/disk-os.ts";
import { DockerRegistry } from "../support/docker-registry.ts";
import { freePort } from "../support/free-port.ts";
import { scratch } from "../support/judge.ts";
import { makeOwnCache } from "../support/own-cache.ts";
import { buildWithoutCompressors } from "../support/second-machine.ts";

const FORMATS: readonly FormatName[] = ["kernel+initrd", "qcow2-efi", "vmdk", "gcp", "kernel+erofs"];

test("a second computer builds Debian's kernel, segments and compressed disks from the cache alone, without mirror or compressor", {
  timeout: 600_000,
}, async () => {
  await using registry = await DockerRegistry.start();
  await using folder = await scratch();
  const cache = { from: `${registry.host}/cache`, to: `${registry.host}/cache` };
  const os = diskOs("shared");
  const first = await build(os, {
    name: "os",
    formats: FORMATS,
    outputDir: join(folder.path, "first"),
    cacheDir: await makeOwnCache(join(folder.path, "one")),
    cache,
    push: `${registry.host}/os:1`,
  });

  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const away = {
    debianMirror: `${nowhere}/debian`,
    debianSecurityMirror: `${nowhere}/debian-security`,
    lock: first.lock,
    name: "os",
    formats: FORMATS,
  };
  const second = await buildWithoutCompressors(os.spec, {
    ...away,
    outputDir: join(folder.path, "second"),
    cacheDir: join(folder.path, "two"),
    cache,
  });
  assert.equal(second.digest, first.digest);
  assert.deepEqual(
    second.files.map(({ name, sha256 }) => [name, sha256]),
    first.files.map(({ name, sha256 }) => [name, sha256]),
  );
  assert.deepEqual(second.pcrs, first.pcrs);
  assert.deepEqual(
    second.segments.filter(({ cached }) => !cached),
    [],
  );
  assert.ok(second.lock.loaders && Object.keys(second.lock.loaders).length > 0);

  // a pull gives every kind of file, and the PCRs
  const pulled = await pull(first.pushed ?? "", { outputDir: join(folder.path, "pulled") });
  assert.deepEqual(
    pulled.files.map(({ path: _, ...file }) => file),
    first.files.map(({ path: _, ...file }) => file),
  );
  assert.deepEqual([pulled.digest, pulled.pcrs, pulled.memoryMiB], [first.digest, first.pcrs, first.memoryMiB]);
  assert.ok(pulled.files.some(({ role }) => role === "base-initrd"));

  // a third computer builds only the segment that differs; its packages come from the cache, as it has no mirror
  const told: Progress[] = [];
  const changed = await build(diskOs("changed"), {
    ...away,
    formats: ["kernel+initrd"],
    outputDir: join(folder.path, "third"),
    cacheDir: join(folder.path, "three"),
    cache: { from: cache.from },
    onProgress: (progress) => told.push(progress),
  });
  assert.deepEqual(
    changed.segments.filter(({ cached }) => !cached).map(({ name }) => name),
    ["services.web"],
  );
  assert.ok(
    told.some(({ message }) => /^fetch busybox-static .* from /.test(message)),
    told
      .filter(({ lasting }) => lasting)
      .map(({ message }) => message)
      .join("\n"),
  );
});
