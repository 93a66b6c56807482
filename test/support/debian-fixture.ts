import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import type { Entry } from "../../sdk/archive/entry.ts";
import { collect } from "../../sdk/core/bytes.ts";
import type { DebianImage } from "../../sdk/definition/debian-image.ts";
import { ensureDebs } from "../../sdk/debian/fetch-debs.ts";
import { lockPackages } from "../../sdk/debian/lock-packages.ts";
import type { LockedDebian } from "../../sdk/debian/locked.ts";
import { openRepository, type Repository, type RepositoryOptions } from "../../sdk/debian/repository.ts";
import { unpackDebian } from "../../sdk/debian/unpack-debian.ts";
import type { DebianMirror } from "./debian-mirror.ts";

/** A path of a tree as tests compare it: `file 644 content`, `-> target`, `dir 755`. */
export type Listing = Record<string, string>;

/** A fresh cache beside a small mirror, with short timeouts. */
export async function debianFixture(mirror: DebianMirror) {
  const cacheDir = await mkdtemp(join(tmpdir(), "debian-cache-"));
  const store = new BlobStore(cacheDir);
  const options = {
    arch: "amd64",
    cacheDir,
    store,
    mirror: `${mirror.url}/debian`,
    retry: { attempts: 4, baseMs: 1 },
    fingerprints: [mirror.fingerprint],
    keyring: async () => Buffer.from(mirror.key.toPublic().write()),
    now: () => new Date("2025-06-01"),
  } satisfies RepositoryOptions;
  return {
    cacheDir,
    store,
    options,
    open: (more: Partial<RepositoryOptions> = {}): Promise<Repository> => openRepository({ ...options, ...more }),
    lock: async (image: DebianImage): Promise<LockedDebian> => lockPackages(image, await openRepository(options), options),
    unpack: async (image: DebianImage, locked: LockedDebian): Promise<Listing> => {
      await ensureDebs(locked.packages, options);
      return listing(unpackDebian(image.debian, locked.packages, "amd64", options));
    },
    [Symbol.asyncDispose]: () => rm(cacheDir, { recursive: true, force: true }),
  };
}

/** The resulting tree: of several entries with one path, the last counts. */
export async function listing(entries: AsyncIterable<Entry>): Promise<Listing> {
  const seen = new Map<string, string>();
  for await (const { path, type, mode, uid, gid, link, body } of entries) {
    const bits = `${mode.toString(8)}${uid || gid ? ` ${uid}:${gid}` : ""}`;
    const content = type === "file" ? (await collect(body)).toString("latin1") : "";
    seen.set(
      path,
      type === "symlink"
        ? `-> ${link}`
        : type === "directory"
          ? `dir ${bits}`
          : type === "hardlink"
            ? `= ${link}`
            : `file ${bits} ${content}`,
    );
  }
  return Object.fromEntries([...seen].sort(([a], [b]) => (a < b ? -1 : 1)));
}
