import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { directoryEntry, type Entry, fileEntry, NO_BODY, symlinkEntry } from "../../sdk/archive/entry.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { LAYOUT_MARKER, REF_NAME } from "../../sdk/oci/layout.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { IMAGE_CONFIGS, type TreePath } from "./conformance.ts";
import { noise } from "./fake-plan.ts";
import type { TestRegistry } from "./registry.ts";
import { tarOf } from "./test-image.ts";

/** An OCI layout in memory: the content of its `index.json`, and its blobs by digest. */
export interface MemoryLayout {
  readonly index: {
    readonly manifests: readonly {
      readonly mediaType: string;
      readonly digest: `sha256:${string}`;
      readonly size: number;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  };
  readonly blobs: ReadonlyMap<string, Buffer>;
  /** The sha256 of a file here, by the sha256 of the file in its place in LinuxKit's images. */
  sha256(theirs: string): string;
}

/** The environment variable that names an OCI layout with the original images from which LinuxKit built the cases. */
const ORIGINALS = "LINUXKIT_CONFORMANCE_IMAGES";

/** The files of LinuxKit's images that are noise, by sha256, with their sizes. The files here are other noise of the same size. */
const PROGRAMS: Readonly<Record<string, readonly [name: string, size: number]>> = {
  f48b20c76cf26a1bb11cd36934477c91bf84b44db8442a987b373f8b811433e8: ["kernel", 1 << 20],
  "899a71ff280d0bd0bdb25395def96b902f0379bbf2e34759141ec20f64d64bc7": ["busybox", 1 << 20],
  "4e740e1c05d4065541de8d05e425e194ae6ac04a4bbca5d5060c8e9efcf979c3": ["runc", 4096],
  b839fdd4352d1c7d8399d74a0f1f90c33641b6c7073ff823c363ae9751af410b: ["tool", 4096],
  "9ccb8e2eab2bfaf830150d57d6eb4ffed29bbd4788a3329d35dde30764800517": ["web", 4096],
  fa76b5f4367384a5d8f37117138f79dbc2e8fed5c80a8630e2575f9c872539fe: ["plain", 4096],
};

/** The images that the cases name, for amd64 and arm64: the originals if available, else made from the list below. */
export async function conformanceImages(): Promise<MemoryLayout> {
  const originals = process.env[ORIGINALS];
  return originals ? readImages(originals) : makeImages();
}

/** Puts the images where a pull of `docker.io/conf/…` through a mirror finds them. */
export function serveImages({ index, blobs }: MemoryLayout, registry: TestRegistry): void {
  for (const { digest, annotations } of index.manifests) {
    const [, repository = "", tag = ""] = /^docker\.io\/(.+):(.+)$/.exec(annotations[REF_NAME] ?? "") ?? [];
    // byte for byte, because the originals were not written by JSON.stringify
    const documents = registry.manifests.get(repository) ?? new Map<string, { mediaType: string; bytes: Buffer }>();
    registry.manifests.set(repository, documents);
    for (const [name, bytes] of blobs) {
      registry.addBlob(repository, bytes);
      const mediaType = bytes[0] === OPENING_BRACE ? (JSON.parse(bytes.toString()) as { mediaType?: string }).mediaType : undefined;
      if (mediaType) for (const key of name === digest ? [name, tag] : [name]) documents.set(key, { mediaType, bytes });
    }
  }
}

const OPENING_BRACE = 0x7b;

/** Writes the images as an OCI layout. */
export async function writeImages({ index, blobs }: MemoryLayout, directory: string): Promise<void> {
  await mkdir(join(directory, "blobs", "sha256"), { recursive: true });
  for (const [digest, bytes] of blobs) await writeFile(join(directory, "blobs", "sha256", hexOf(digest as `sha256:${string}`)), bytes);
  await writeFile(join(directory, "index.json"), JSON.stringify(index));
  await writeFile(join(directory, "oci-layout"), LAYOUT_MARKER);
}

/** LinuxKit's tree of a case, with the files of these images. */
export function expectedTree(tree: Readonly<Record<string, TreePath>>, images: MemoryLayout): Record<string, TreePath> {
  return Object.fromEntries(
    Object.entries(tree).map(([path, known]) => [
      path,
      known.sha256 === undefined ? known : { ...known, sha256: images.sha256(known.sha256) },
    ]),
  );
}

async function readImages(directory: string): Promise<MemoryLayout> {
  const index = JSON.parse(await readFile(join(directory, "index.json"), "utf8")) as MemoryLayout["index"];
  const blobs = new Map<string, Buffer>();
  const read = async (digest: string): Promise<void> => {
    const bytes = await readFile(join(directory, "blobs", "sha256", digest.slice("sha256:".length)));
    blobs.set(digest, bytes);
    if (bytes[0] !== OPENING_BRACE) return;
    const {
      manifests = [],
      config,
      layers = [],
    } = JSON.parse(bytes.toString()) as { manifests?: { digest: string }[]; config?: { digest?: string }; layers?: { digest: string }[] };
    for (const child of [...manifests, ...(config?.digest ? [{ digest: config.digest }] : []), ...layers]) await read(child.digest);
  };
  for (const { digest } of index.manifests) await read(digest);
  return { index, blobs, sha256: (theirs) => theirs };
}

async function makeImages(): Promise<MemoryLayout> {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, bytes: Buffer) => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const addJson = (mediaType: string, value: object) => add(mediaType, Buffer.from(JSON.stringify(value)));
  const manifests: MemoryLayout["index"]["manifests"][number][] = [];
  for (const [reference, config] of Object.entries(IMAGE_CONFIGS)) {
    const tars = await Promise.all((await layersOf(reference)).map((layer) => tarOf(layer.map((entry) => ({ ...entry, mtime: MTIME })))));
    const layers = tars.map((tar) => add(MEDIA_TYPE.ociLayerGzip, gzipSync(tar, { level: 1 })));
    const platforms = ["amd64", "arm64"].map((architecture) => {
      const configured = addJson(MEDIA_TYPE.ociConfig, {
        architecture,
        os: "linux",
        config,
        rootfs: { type: "layers", diff_ids: tars.map((tar) => digestOf(tar)) },
      });
      const manifest = addJson(MEDIA_TYPE.ociManifest, { schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config: configured, layers });
      return { ...manifest, platform: { architecture, os: "linux" } };
    });
    const index = addJson(MEDIA_TYPE.ociIndex, { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: platforms });
    manifests.push({ ...index, annotations: { [REF_NAME]: reference } });
  }
  return { index: { ...{ schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex }, manifests }, blobs, sha256: (theirs) => ours(theirs) };
}

const MTIME = 1_700_000_000;

function program(name: string): Buffer {
  const [, size] = Object.values(PROGRAMS).find(([known]) => known === name) as readonly [string, number];
  return Buffer.concat([...noise(size, name)]);
}

function ours(theirs: string): string {
  const [name] = PROGRAMS[theirs] ?? [];
  return name === undefined ? theirs : hexOf(digestOf(program(name)));
}

async function layersOf(reference: string): Promise<Entry[][]> {
  const [, name = ""] = /\/conf\/(.+):1$/.exec(reference) ?? [];
  if (name === "kernel")
    return [[fileEntry("kernel", program("kernel")), fileEntry("kernel.tar", await tarOf(KERNEL_TAR)), fileEntry("kernel-dev.tar", "")]];
  return name === "init" ? [INIT()] : [lower(name), UPPER];
}

const KERNEL_TAR: readonly Entry[] = [
  directoryEntry("lib"),
  directoryEntry("lib/modules"),
  directoryEntry("lib/modules/6.12.59"),
  fileEntry("lib/modules/6.12.59/modules.dep", ""),
].map((entry) => ({
  ...entry,
  mtime: MTIME,
}));

const INIT = (): Entry[] => [
  directoryEntry("bin"),
  fileEntry("bin/busybox", program("busybox"), 0o755),
  fileEntry("bin/rc.init", "#!/bin/sh\n", 0o755),
  directoryEntry("etc"),
  fileEntry("etc/inittab", "::sysinit:/bin/rc.init\n"),
  symlinkEntry("etc/resolv.conf", "/run/resolvconf/resolv.conf"),
  fileEntry("init", "#!/bin/sh\nexec /bin/rc.init\n", 0o755),
  directoryEntry("var"),
  symlinkEntry("var/run", "../run"),
  ...["run", "dev", "proc", "sys"].map((path) => directoryEntry(path)),
  directoryEntry("tmp", 0o1777),
];

const lower = (name: string): Entry[] => [
  ...["etc", "bin", "usr", "usr/bin"].map((path) => directoryEntry(path)),
  fileEntry("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nredis:x:999:1000::/data:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"),
  fileEntry("etc/group", "root:x:0:\nredis:x:1000:\nadm:x:4:redis\nnobody:x:65534:\n"),
  fileEntry(`bin/${name}`, program(name), 0o755),
  symlinkEntry("bin/sh", name),
  fileEntry("etc/gone", "gone\n"),
  directoryEntry("etc/opaque"),
  fileEntry("etc/opaque/a", "a\n"),
  directoryEntry("data", 0o700, { uid: 999, gid: 1000 }),
];

const UPPER: Entry[] = [
  fileEntry("etc/.wh.gone", ""),
  fileEntry("etc/opaque/.wh..wh..opq", ""),
  fileEntry("etc/opaque/b", "b\n", 0o640, { uid: 5, gid: 6 }),
  fileEntry("usr/bin/suid", "#!\n", 0o4755),
  { ...fileEntry("usr/bin/hard", "", 0o4755), type: "hardlink", link: "usr/bin/suid", body: NO_BODY },
];
