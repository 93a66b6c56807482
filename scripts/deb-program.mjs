// Finds the judges of the tests that are one program of a large Debian package, or takes them out of it.
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "./engine.mjs";
import { findProgram, run } from "./run.mjs";

const PROGRAMS = {
  // the judge of metrics; its package would start a server
  promtool: { package: "prometheus", path: "usr/bin/promtool" },
  // the store of Kubernetes' API servers; its package would start a server
  etcd: { package: "etcd-server", path: "usr/bin/etcd" },
  etcdctl: { package: "etcd-client", path: "usr/bin/etcdctl" },
};

/**
 * The folder that holds a program: its folder on PATH, else one in the cache, filled now where it is missing. Nothing of
 * the package is installed.
 *
 * @param {keyof typeof PROGRAMS} name
 * @returns {Promise<string>}
 */
export async function ensureDebProgram(name, { cacheDir = cacheFolder(), path = process.env.PATH ?? "" } = {}) {
  const found = findProgram(name, path);
  if (found) return dirname(found);
  const program = PROGRAMS[name];
  const folder = join(cacheDir, name, process.arch);
  if (findProgram(name, folder)) return folder;
  if (!findProgram("apt-get")) throw new Error(`${name} not found: install it, and try again`);
  const aside = join(cacheDir, name, `.${process.arch}.${process.pid}.part`);
  try {
    await mkdir(aside, { recursive: true });
    await run(`downloading ${program.package} for ${name}, once`, "apt-get", ["download", "-q", program.package], { cwd: aside });
    const [deb] = (await readdir(aside)).filter((file) => file.endsWith(".deb"));
    await run(`unpacking ${name}`, "dpkg-deb", ["-x", join(aside, deb), join(aside, "tree")]);
    await mkdir(folder, { recursive: true });
    await copyFile(join(aside, "tree", program.path), join(aside, name));
    await rename(join(aside, name), join(folder, name));
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return folder;
}
