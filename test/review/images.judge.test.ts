import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import type { Change } from "../../sdk/review/change.ts";
import { reviewImages } from "../../sdk/review/images.ts";
import { parsePath } from "../../sdk/core/property-path.ts";
import { mutateTree, type SeenPath, seenTree } from "../support/file-tree.ts";
import { judge } from "../support/judge.ts";
import { Random, seed } from "../support/random.ts";

const folder = await mkdtemp(join(tmpdir(), "review-images-"));
after(() => rm(folder, { recursive: true, force: true }));
const cacheDir = join(folder, "cache");
const store = new BlobStore(cacheDir);

const PAIRS = Number(process.env["TEST_PAIRS"] ?? 200);
/** Images in a row, each made by umoci from the one before; then another row begins. */
const ROW = 20;

/** What a review says of each path: the values before and after of what differs. */
type Said = Map<string, Record<string, readonly [before: unknown, after: unknown]>>;

function saidBy(changes: readonly Change[]): Said {
  const said: Said = new Map();
  for (const change of changes) {
    for (const { path, before, after } of [change, ...(change.within ?? [])]) {
      const [part, files, file, field = "kind"] = parsePath(path);
      assert.deepEqual([part, files], ["image", "files"], path);
      said.set(String(file), { ...said.get(String(file)), [String(field)]: [before, after] });
    }
  }
  return said;
}

function truthOf(before: ReadonlyMap<string, SeenPath>, now: ReadonlyMap<string, SeenPath>): Said {
  const truth: Said = new Map();
  for (const path of new Set([...before.keys(), ...now.keys()])) {
    const [one, other] = [before.get(path), now.get(path)].map((seen): Partial<SeenPath> => {
      const { owner, ...rest } = seen ?? {};
      // root's ownership is what a file has without a word
      return { ...rest, ...(owner !== undefined && owner !== "0:0" && { owner }) };
    }) as [Partial<SeenPath>, Partial<SeenPath>];
    const fields = [...new Set([...Object.keys(one), ...Object.keys(other)])] as (keyof SeenPath)[];
    const differing = fields.filter((field) => one[field] !== other[field]);
    if (differing.length > 0) truth.set(path, Object.fromEntries(differing.map((field) => [field, [one[field], other[field]]])));
  }
  return truth;
}

test(`${PAIRS} pairs of images that umoci made differ as the unpacked folders do`, { timeout: 300_000 }, async (context) => {
  const from = seed();
  context.diagnostic(`TEST_SEED=${from}`);
  let compared = 0;
  for (let row = 0; compared < PAIRS; row++) {
    const random = new Random(from + row);
    const layout = join(folder, `layout-${row}`);
    const bundle = join(folder, `bundle-${row}`);
    judge("umoci", "init", "--layout", layout);
    judge("umoci", "new", "--image", `${layout}:i0`);
    judge("umoci", "unpack", "--image", `${layout}:i0`, bundle);
    const root = join(bundle, "rootfs");
    // the first image has no layer: its root is as a runtime makes it
    await chmod(root, 0o755);
    let before = seenTree(root);
    for (let index = 0; index < ROW && compared < PAIRS; index++, compared++) {
      mutateTree(root, random);
      judge("umoci", "repack", "--refresh-bundle", "--image", `${layout}:i${index + 1}`, bundle);
      const now = seenTree(root);
      const { changes } = await reviewImages(`oci:${layout}:i${index}`, `oci:${layout}:i${index + 1}`, { store, cacheDir });
      const sorted = (said: Said) => Object.fromEntries([...said].sort(([a], [b]) => (a < b ? -1 : 1)));
      const truth = truthOf(before, now);
      const said = saidBy(changes);
      assert.deepEqual(sorted(said), sorted(truth), `TEST_SEED=${from + row}, image ${index + 1}`);
      before = now;
    }
    await rm(layout, { recursive: true });
    await rm(bundle, { recursive: true });
  }
});

/** A root in which dpkg has installed packages of these versions, as an image that umoci made; and its folder. */
async function dpkgRoot(name: string, versions: Readonly<Record<string, string>>): Promise<{ reference: string; root: string }> {
  const layout = join(folder, name);
  const bundle = join(folder, `${name}-bundle`);
  judge("umoci", "init", "--layout", layout);
  judge("umoci", "new", "--image", `${layout}:a`);
  judge("umoci", "unpack", "--image", `${layout}:a`, bundle);
  const root = join(bundle, "rootfs");
  for (const part of ["info", "updates", "triggers"]) await mkdir(join(root, "var/lib/dpkg", part), { recursive: true });
  for (const file of ["status", "available"]) await writeFile(join(root, "var/lib/dpkg", file), "");
  for (const [own, version] of Object.entries(versions)) {
    const source = join(folder, `${name}-${own}`);
    await mkdir(join(source, "DEBIAN"), { recursive: true });
    await mkdir(join(source, "usr/share", own), { recursive: true });
    await writeFile(join(source, "usr/share", own, "data"), version);
    const control = `Package: ${own}\nVersion: ${version}\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: a package\n`;
    await writeFile(join(source, "DEBIAN/control"), control);
    judge("dpkg-deb", "--build", "--root-owner-group", source, `${source}.deb`);
    judge("dpkg", "--force-architecture", "--force-not-root", "--log=/dev/null", `--root=${root}`, "--install", `${source}.deb`);
  }
  judge("umoci", "repack", "--image", `${layout}:a`, bundle);
  return { reference: `oci:${layout}:a`, root };
}

test("the packages of two systems differ as dpkg-query says, by dpkg's order of versions", async () => {
  const one = await dpkgRoot("one", { same: "1", gone: "2:1-1", newer: "1.0~rc1-1", older: "1.10-1", epoch: "9.9" });
  const two = await dpkgRoot("two", { same: "1", come: "3", newer: "1.0-1", older: "1.9-1", epoch: "1:0.1" });
  const listed = ({ root }: { root: string }): Map<string, string> =>
    new Map(
      judge("dpkg-query", `--admindir=${root}/var/lib/dpkg`, "--show", "--showformat=${Package} ${Version}\\n")
        .trim()
        .split("\n")
        .map((line) => line.split(" ") as [string, string]),
    );
  const [old, now] = [listed(one), listed(two)];
  assert.equal(old.size, 5);
  const isNewer = (a: string, b: string): boolean => spawnSync("dpkg", ["--compare-versions", a, "gt", b]).status === 0;
  const truth = [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const [from, to] = [old.get(name), now.get(name)];
    if (from === to) return [];
    if (from === undefined) return [`package ${name} added: ${to}`];
    if (to === undefined) return [`package ${name} removed: ${from}`];
    return [`package ${name} ${isNewer(to, from) ? "upgraded" : "downgraded"} from ${from} to ${to}`];
  });
  const { changes } = await reviewImages(one.reference, two.reference, { store, cacheDir });
  assert.deepEqual(changes.flatMap(({ rule, message }) => (rule === "package" ? [message] : [])).sort(), truth.sort());
});
