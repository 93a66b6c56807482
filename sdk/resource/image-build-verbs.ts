import { defaultCacheDir } from "../cache/location.ts";
import type { Arch } from "../core/arch.ts";
import type { Digest } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import { canonicalJson } from "../core/json.ts";
import { parsePath } from "../core/property-path.ts";
import { leafDiff } from "../plugin/leaf-diff.ts";
import type { ResourceType, Work } from "../plugin/resource-type.ts";
import { hasUnknown, type Properties, UNKNOWN } from "../plugin/value.ts";
import type { Lock } from "../resolve/lock.ts";
import { ArtifactStore } from "./artifact-store.ts";
import type { Builder, Built, BuiltFile } from "./builder.ts";
import { DEBIAN_MIRRORS } from "./debian-mirrors.ts";
import { checkImageBuild, type ImageBuildInputs, ORIGINS } from "./image-build-inputs.ts";
import { imageBuildSchema } from "./image-build-schema.ts";

/** Outputs of `linuxkit:index:ImageBuild`. */
export interface ImageBuildOutputs {
  /** Names what was built, and changes when a byte of it does. */
  readonly digest: Digest;
  /** sha256 of the plan: what the OS is, whatever the format. */
  readonly planDigest: Digest;
  readonly arch: Arch;
  /** The kernel's command line. */
  readonly cmdline: string;
  /** The folder of the files on this machine. Derived from `digest`, and never compared. */
  readonly path: string;
  readonly files: readonly BuiltFile[];
  /** The parts of the root filesystem, and what each adds in bytes as it is packed. */
  readonly segments: readonly { readonly name: string; readonly size: number }[];
  /** What every name stood for; the next update builds from it. */
  readonly lock: Lock;
}

/** What the cache remembers of a build. */
interface BuildRecord {
  readonly inputs: ImageBuildInputs;
  readonly outputs: ImageBuildOutputs;
}

/**
 * The resource that builds images. It is updated in place under one id: a replacement would lose the lock. Only what
 * uses its digest is replaced.
 */
export function imageBuildType(builder: Builder, cacheDir: string = defaultCacheDir()): ResourceType<ImageBuildInputs, ImageBuildOutputs> {
  const artifacts = new ArtifactStore(cacheDir);

  const build = async (inputs: ImageBuildInputs, lock: Lock | undefined, work: Work): Promise<ImageBuildOutputs> => {
    const { image, localImages: _, ...wanted } = inputs;
    const built = await artifacts.keep(
      (outputDir) => builder.build(image, { ...mirrorsOf(work.config), ...wanted, outputDir, cacheDir, lock, onProgress: work.progress, signal: work.signal }),
      (built) => ({ digest: built.digest, record: { inputs, outputs: outputsOf(built, inputs.arch, artifacts) } satisfies BuildRecord }),
    );
    work.progress({ stage: "build", message: summary(built), lasting: true });
    return outputsOf(built, inputs.arch, artifacts);
  };

  return {
    token: "linuxkit:index:ImageBuild",
    schema: imageBuildSchema,
    check: ({ inputs, name }) => checkImageBuild(inputs, name, builder.formats),

    diff({ inputs, oldInputs }) {
      const kindOf = (path: string) => (ORIGINS.includes(String(parsePath(path)[0])) ? "ignore" : "update");
      const changed = leafDiff(oldInputs as unknown as Properties, inputs, kindOf);
      // whether there is something newer is seen only by looking: each update looks
      return { changed, ...(inputs.update === "always" && { drifted: new Map([["lock", "update"]]) }) };
    },

    async preview({ inputs, old }) {
      const unknown: Properties = { arch: inputs.arch, digest: UNKNOWN, planDigest: UNKNOWN, cmdline: UNKNOWN, path: UNKNOWN, files: UNKNOWN, segments: UNKNOWN, lock: UNKNOWN };
      if (!old || hasUnknown(inputs) || inputs.update === "always") return unknown;
      const now = inputs as unknown as ImageBuildInputs;
      const lock = lockForUpdate(old.outputs.lock, old.inputs, now);
      const plan = lock && (await builder.plan(now.image, { arch: now.arch, lock, sbom: now.sbom }));
      if (!plan) return unknown;
      const isSame = plan.digest === old.outputs.planDigest && now.name === old.inputs.name && canonicalJson([now.formats, now.diskMiB, now.sbom]) === canonicalJson([old.inputs.formats, old.inputs.diskMiB, old.inputs.sbom]);
      // what uses the digest is not shown as replaced for a change that makes no other bytes
      return isSame ? (old.outputs as unknown as Properties) : { ...unknown, planDigest: plan.digest, cmdline: plan.cmdline };
    },

    async create({ inputs, ...work }) {
      return { id: work.name, outputs: await build(inputs, undefined, work) };
    },

    async update({ inputs, oldInputs, oldOutputs, ...work }) {
      return { outputs: await build(inputs, lockForUpdate(oldOutputs.lock, oldInputs, inputs), work) };
    },

    async read({ id, name, outputs }) {
      // a file that this machine does not have is no drift: it is built again when it is needed
      if (outputs?.digest) return { id, outputs: { ...outputs, path: artifacts.path(outputs.digest) } };
      const record = (await artifacts.record(id)) as BuildRecord | undefined;
      if (!record) {
        throw new LinuxKitError("NOT_FOUND", `no build ${id} in ${artifacts.directory}: to import one, give the digest (sha256:…) of one that is there; else let \`pulumi up\` build it`, { what: id });
      }
      const path = artifacts.path(record.outputs.digest);
      return { id: name, inputs: record.inputs as unknown as Properties, outputs: { ...record.outputs, path } };
    },
  };
}

/** The mirrors of the stack's configuration. */
function mirrorsOf(config: Properties): Partial<Record<keyof typeof DEBIAN_MIRRORS, string>> {
  return Object.fromEntries(Object.keys(DEBIAN_MIRRORS).flatMap((name) => (typeof config[name] === "string" ? [[name, config[name]]] : [])));
}

/** The last build's lock, without what it says of local images that have been made anew since. */
function lockForUpdate(lock: Lock | undefined, old: ImageBuildInputs, now: ImageBuildInputs): Lock | undefined {
  if (!lock) return undefined;
  const kept = <T>(pins: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(pins).filter(([reference]) => old.localImages?.[reference] === now.localImages?.[reference]));
  return { ...lock, images: kept(lock.images), ...(lock.layouts && { layouts: kept(lock.layouts) }), ...(lock.sboms && { sboms: kept(lock.sboms) }), ...(lock.signed && { signed: kept(lock.signed) }) };
}

function outputsOf(built: Built, arch: Arch, artifacts: ArtifactStore): ImageBuildOutputs {
  const { digest, planDigest, cmdline, lock } = built;
  return {
    digest,
    planDigest,
    arch,
    cmdline,
    path: artifacts.path(digest),
    files: built.files.map(({ role, name, size, sha256 }) => ({ role, name, size, sha256 })),
    segments: built.segments.map(({ name, size }) => ({ name, size })),
    lock,
  };
}

function summary({ files, segments, digest }: Built): string {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const made = segments.filter(({ cached }) => !cached).length;
  return `${(size / 1e6).toFixed(1)} MB in ${files.length} files, ${made} of ${segments.length} segments made anew, ${digest.slice(0, 19)}`;
}
