import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Artifact } from "../../sdk/builder/artifact.ts";
import { FORMATS, type FormatName } from "../../sdk/format/formats.ts";
import { buildDisk, diskSources } from "../support/disk-plan.ts";

// a fixed and a dynamic VHD have one name, and a packed root opens Debian's modules too
const TOGETHER = (Object.keys(FORMATS) as FormatName[]).filter((format) => !["dynamic-vhd", "kernel+squashfs-initrd"].includes(format));

const hashes = ({ files }: Artifact) => files.map(({ name, size, sha256 }) => ({ name, size, sha256 }));

describe("all formats of one build", () => {
  let folder: string;
  let built: Artifact;
  const sources = diskSources();
  const told: string[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "linuxkit-shared-"));
    built = await buildDisk(TOGETHER, join(folder, "together"), {
      cacheDir: join(folder, "cache"),
      sources,
      onProgress: ({ message }) => void told.push(message),
    });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("open each source once for its segment and once for the tree, for any number of formats", () => {
    assert.deepEqual(sources.opened, ["base", "base"]);
    assert.equal(told.filter((message) => message === "unpack services.base").length, 2);
  });

  test("write each file once", () => {
    const writes = told.filter((message, at) => message.startsWith("write ") && message !== told[at - 1]);
    assert.deepEqual(writes.toSorted(), built.files.map(({ name }) => `write ${name}`).toSorted());
  });

  test("are the same, byte for byte, with another cache", async () => {
    assert.deepEqual(hashes(await buildDisk(TOGETHER, join(folder, "again"), { cacheDir: join(folder, "another") })), hashes(built));
  });

  // with a separate folder and cache
  for (const format of Object.keys(FORMATS) as FormatName[]) {
    test(`${format} alone is the same, twice`, async () => {
      const [one, two] = [
        await buildDisk(format, join(folder, `1-${format}`), { cacheDir: join(folder, "cache") }),
        await buildDisk(format, join(folder, `2-${format}`), { cacheDir: join(folder, `cache-${format}`) }),
      ];
      assert.deepEqual(hashes(one), hashes(two));
      if (!TOGETHER.includes(format)) return;
      const together = new Map(hashes(built).map((file) => [file.name, file]));
      for (const file of hashes(one)) assert.deepEqual(file, together.get(file.name));
    });
  }
});
