import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readTar } from "../../sdk/archive/read-tar.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { flatten } from "../../sdk/oci/flatten/flatten.ts";
import { storedLayers } from "../../sdk/oci/layer.ts";
import { pullImage } from "../support/pull-image.ts";
import { judge, scratch } from "../support/judge.ts";
import { recordTree } from "../support/tree-record.ts";

/** With hard links (perl), setuid files (passwd) and symbolic links (libc6). */
const PACKAGES = ["libc6", "perl-base", "passwd", "busybox-static"];

test("an image with a layer for each Debian package flattens to the tree that umoci unpacks", { timeout: 300_000 }, async (context) => {
  await using folder = await scratch();
  const at = (...parts: string[]) => join(folder.path, ...parts);
  // apt's sandbox user could not write here
  for (const name of PACKAGES) judge("sh", "-c", `cd ${folder.path} && apt-get -qq -o APT::Sandbox::User=root download ${name}`);
  const image = `${at("layout")}:os`;
  judge("umoci", "init", "--layout", at("layout"));
  judge("umoci", "new", "--image", image);
  judge("umoci", "unpack", "--image", image, at("bundle"));
  for (const name of PACKAGES) {
    const [deb] = (await readdir(folder.path)).filter((file) => file.startsWith(`${name}_`));
    assert.ok(deb, `apt-get downloaded ${name}`);
    judge("dpkg-deb", "-x", at(deb), at("bundle", "rootfs"));
    // whiteouts, of files and of whole folders
    await rm(at("bundle", "rootfs", "usr", "share", "doc"), { recursive: true, force: true });
    if (name === "passwd") await rm(at("bundle", "rootfs", "usr", "bin", "chage"));
    if (name === "busybox-static") await rm(at("bundle", "rootfs", "usr", "sbin", "useradd"));
    judge("umoci", "repack", "--refresh-bundle", "--image", image, at("bundle"));
  }
  judge("umoci", "unpack", "--image", image, at("judge"));

  const store = new BlobStore(at("cache"));
  const pulled = await pullImage(`oci:${image}`, { os: "linux", architecture: judge("dpkg", "--print-architecture").trim() }, { store });
  assert.equal(pulled.manifest.layers.length, PACKAGES.length);
  const ours = await recordTree(
    flatten(storedLayers(store, pulled.manifest.layers, pulled.config.diffIds), { spoolDirectory: folder.path }),
  );
  const tar = spawn(
    "tar",
    ["--create", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--format=pax", "--sort=name", "-C", at("judge", "rootfs"), "."],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const theirs = await recordTree(readTar(tar.stdout, "judge"));
  if (!ours.has("")) theirs.delete("");
  assert.deepEqual([...ours.keys()].toSorted(), [...theirs.keys()].toSorted());
  for (const [path, record] of ours) {
    const judged = theirs.get(path);
    // umoci gives a directory the time of the last whiteout in it
    assert.deepEqual(record, record.type === "directory" ? { ...judged, mtime: record.mtime } : judged, path);
  }
  assert.ok(
    [...ours.values()].some(({ names }) => names !== undefined),
    "there are hard links",
  );
  assert.ok(
    [...ours.values()].some(({ mode }) => mode.startsWith("4")),
    "there are setuid files",
  );
  context.diagnostic(`${ours.size} paths in ${pulled.manifest.layers.length} layers`);
});
