import { copyFile, link, mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { defaultCacheDir } from "../../sdk/cache/location.ts";

/** The parts of a cache that save time: downloads, built segments and indexes. */
const FOLDERS = ["blobs", "segments", "indexes", "accelerators"];

/** Fills a test's own cache with links into the shared one, so that the test neither downloads nor is disturbed. */
export async function makeOwnCache(cacheDir: string, folders: readonly string[] = FOLDERS): Promise<string> {
  const shared = defaultCacheDir();
  for (const folder of folders) {
    for (const name of await readdir(join(shared, folder), { recursive: true }).catch(() => [])) {
      const [from, to] = [join(shared, folder, name), join(cacheDir, folder, name)];
      // skip half-written files of other builds, and files that they delete now
      if (name.endsWith(".part") || !(await stat(from).catch(() => undefined))?.isFile()) continue;
      await mkdir(dirname(to), { recursive: true });
      await link(from, to).catch(() => copyFile(from, to));
    }
  }
  return cacheDir;
}

/** Inode and modification time of every file below a folder, by its path. */
export async function inventory(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(folder, { recursive: true }).catch(() => [])).sort()) {
    const stats = await stat(join(folder, name), { bigint: true });
    if (stats.isFile()) found[name] = `${stats.ino} ${stats.mtimeNs}`;
  }
  return found;
}
