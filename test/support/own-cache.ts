import { copyFile, link, mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { defaultCacheDir } from "../../sdk/cache/location.ts";

/** What of a cache is worth having at once: what was fetched, made and found out. */
const FOLDERS = ["blobs", "segments", "indexes", "accelerators"];

/** Fills a cache of a test's own with links to what the shared one holds, so that the test neither waits nor is disturbed. */
export async function makeOwnCache(cacheDir: string, folders: readonly string[] = FOLDERS): Promise<string> {
  const shared = defaultCacheDir();
  for (const folder of folders) {
    for (const name of await readdir(join(shared, folder), { recursive: true }).catch(() => [])) {
      const [from, to] = [join(shared, folder, name), join(cacheDir, folder, name)];
      // half-written files of other builds, and what they take away meanwhile
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
