import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, describe, test } from "node:test";
import { writeTar } from "../../sdk/archive/write-tar.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { ensureDebs } from "../../sdk/debian/fetch-debs.ts";
import { findFault } from "../../sdk/debian/find-program.ts";
import { debian } from "../../sdk/debian/images.ts";
import { contentsReader, lockPackages, openContents } from "../../sdk/debian/lock-packages.ts";
import { debDigest, type LockedDeb } from "../../sdk/debian/locked.ts";
import { programsOf } from "../../sdk/debian/programs.ts";
import { refusal } from "../../sdk/debian/refusal.ts";
import { openRepository, type Repository } from "../../sdk/debian/repository.ts";
import { unpackDebian } from "../../sdk/debian/unpack-debian.ts";
import { PACKAGE_TABLE } from "../support/package-table.ts";
import { QuickStore } from "../support/quick-store.ts";
import { runInTree } from "../support/run-in-tree.ts";

const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** How often the table follows what a refusal says: for the interpreter, and for each package that it brings. */
const ROUNDS = 4;

let work: string;
let cacheDir: string;
let store: QuickStore;
let repository: Repository;
let reader: ReturnType<typeof contentsReader>;
before(async () => {
  work = await mkdtemp(join(tmpdir(), "package-table-"));
  cacheDir = process.env.PULUMI_LINUXKIT_CACHE ?? join(work, "cache");
  store = new QuickStore(cacheDir, join(work, "packed"));
  // an index is no package
  repository = await openRepository({ arch: "amd64", cacheDir, store: new BlobStore(cacheDir) });
  reader = contentsReader(repository, { cacheDir, store });
});
after(() => rm(work, { recursive: true, force: true }));

/** The packages of an image in which the command may run, with what the refusals said to add. */
async function chosen(first: readonly string[], program: string): Promise<{ names: readonly string[]; packages: readonly LockedDeb[] }> {
  let names = first;
  for (let round = 0; ; round++) {
    const why = await tried(names, program);
    if (typeof why !== "string") return { names, packages: why };
    const added = /add ("[^:]*") to packages$/.exec(why)?.[1];
    if (added === undefined || round >= ROUNDS) throw new Error(`${names.join(", ")}: the refusal does not help: ${why}`);
    names = [...names, ...(JSON.parse(`[${added}]`) as string[])];
  }
}

/** The packages of an image, or why it is refused. */
async function tried(names: readonly string[], program: string): Promise<readonly LockedDeb[] | string> {
  const image = debian.packages({ packages: [...names] });
  let packages: readonly LockedDeb[];
  try {
    ({ packages } = await lockPackages(image, repository, { cacheDir, store }));
  } catch (error) {
    if (isLinuxKitError(error, "NOT_FOUND")) return error.message;
    throw error;
  }
  const programs = programsOf(image.debian, await openContents(packages, { cacheDir, store }), "amd64", new Map());
  const fault = findFault(program, { programs, folders: FOLDERS, cwd: "/", isCovered: () => false });
  if (!fault) return packages;
  const sources = { repository, ...reader, open: (deb: Pick<LockedDeb, "sha256">) => store.open(debDigest(deb)) };
  return refusal({ program, fault, debian: image.debian, packages, programs }, sources);
}

async function unpack(names: readonly string[], packages: readonly LockedDeb[], root: string): Promise<void> {
  await mkdir(root);
  await ensureDebs(packages, { store, mirrors: repository.mirrors });
  const { debian: recipe } = debian.packages({ packages: [...names] });
  const tar = spawn("tar", ["-x", "-C", root, ...(process.getuid?.() === 0 ? [] : ["--no-same-owner"])], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => tar.on("close", resolve));
  await pipeline(Readable.from(writeTar(unpackDebian(recipe, packages, "amd64", { store, cacheDir }))), tar.stdin);
  assert.equal(await ended, 0);
}

test("the table has at least 120 packages, each once", () => {
  const names = PACKAGE_TABLE.map(([packages]) => packages);
  assert.ok(names.length >= 120 && new Set(names).size === names.length, String(names.length));
});

describe("each package's program runs in its image, or the refusal says what it needs", { concurrency: 3 }, () => {
  for (const [packages, line, output] of PACKAGE_TABLE) {
    test(`${packages}: ${line}`, async () => {
      const [program = "", ...rest] = line.split(" ");
      const words = rest.map((word) => word.replaceAll("+", " "));
      const { names, packages: debs } = await chosen(packages.split(","), program);
      const root = join(work, packages);
      try {
        await unpack(names, debs, root);
        const ran = await runInTree(root, [program, ...words]);
        assert.match(ran.output, output, `${names.join(", ")}: status ${ran.status}`);
        assert.doesNotMatch(ran.output, /not found|error while loading|No module named|cannot open shared/i, names.join(", "));
      } finally {
        await rm(root, { recursive: true, force: true });
      }
    });
  }
});
