import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { debian, type DebianImage } from "pulumi-linuxkit";
import { type Entry, fileEntry } from "../sdk/archive/entry.ts";
import { writeTar } from "../sdk/archive/write-tar.ts";
import { debianOptions, originSources, type ResolveContext } from "../sdk/builder/origins.ts";
import { BlobStore } from "../sdk/cache/blob-store.ts";
import { defaultCacheDir } from "../sdk/cache/location.ts";
import { collect } from "../sdk/core/bytes.ts";
import { ensureDebs } from "../sdk/debian/fetch-debs.ts";
import { openKernelPack } from "../sdk/debian/kernel-pack.ts";
import { kernelModules } from "../sdk/debian/kernel.ts";
import type { LockedDeb } from "../sdk/debian/locked.ts";
import { unpackDebian } from "../sdk/debian/unpack-debian.ts";
import { writeImage } from "./image.ts";

const NAMES = ["kernel", "init", "web"] as const;

/**
 * One LinuxKit YAML for both builders: a kernel with all of its modules, an init, and a service; about 125 MB of root.
 * `ours` names OCI layouts, `theirs` the same images in a cache of LinuxKit.
 */
export async function yamlCase(folder: string): Promise<{ ours: string; theirs: string; theirCache: string }> {
  const cacheDir = defaultCacheDir();
  const context: ResolveContext = { arch: "amd64", store: new BlobStore(cacheDir), cacheDir, folder };
  const sources = originSources(context);
  const locked = async (image: DebianImage): Promise<readonly LockedDeb[]> => {
    const { packages } = await sources.lockDebian(image, "image");
    await ensureDebs(packages, debianOptions(context));
    return packages;
  };
  const tree = async (packages: string[]): Promise<Entry[]> => {
    const image = debian.packages({ packages, command: [packages[0] as string] });
    return whole(unpackDebian(image.debian, await locked(image), "amd64", context));
  };
  const trees: Record<(typeof NAMES)[number], Entry[]> = {
    kernel: await kernelFiles(await locked(debian.kernel()), context),
    init: await tree(["busybox-static"]),
    web: await tree(["nginx-light", "python3"]),
  };
  for (const name of NAMES) await writeImage(join(folder, name), [() => trees[name]]);
  const theirCache = join(folder, "theirs");
  gather(folder, theirCache);
  const write = (file: string, reference: (name: string) => string): string => {
    writeFileSync(join(folder, file), yaml(reference));
    return join(folder, file);
  };
  return {
    ours: write("ours.yml", (name) => `oci:${join(folder, name)}:1`),
    theirs: write("theirs.yml", (name) => `bench/${name}:1`),
    theirCache,
  };
}

async function kernelFiles([deb]: readonly LockedDeb[], context: ResolveContext): Promise<Entry[]> {
  if (!deb) throw new Error("the kernel has no package");
  const pack = await openKernelPack(deb, context);
  const names = pack.contents.modules.map(({ name }) => name);
  const modules = await whole((await kernelModules(deb, names, context)).files);
  return [fileEntry("kernel", await collect(pack.vmlinuz().body)), fileEntry("kernel.tar", await collect(writeTar(modules), 1 << 30))];
}

/** A cache of LinuxKit is an OCI layout whose index has the images by their full names. */
function gather(folder: string, cache: string): void {
  mkdirSync(cache);
  const manifests = NAMES.flatMap((name) => {
    cpSync(join(folder, name, "blobs"), join(cache, "blobs"), { recursive: true });
    const index = JSON.parse(readFileSync(join(folder, name, "index.json"), "utf8")) as { manifests: object[] };
    const annotations = { "org.opencontainers.image.ref.name": `docker.io/bench/${name}:1` };
    return index.manifests.map((manifest) => ({ ...manifest, platform: { os: "linux", architecture: "amd64" }, annotations }));
  });
  writeFileSync(join(cache, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  cpSync(join(folder, NAMES[0], "oci-layout"), join(cache, "oci-layout"));
}

function yaml(reference: (name: string) => string): string {
  return `kernel:
  image: ${reference("kernel")}
  cmdline: console=ttyS0
init:
  - ${reference("init")}
services:
  - name: web
    image: ${reference("web")}
    command: ["nginx", "-g", "daemon off;"]
`;
}

async function whole(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const { body, ...header } of entries) all.push({ ...header, body: [await collect(body)] });
  return all;
}
