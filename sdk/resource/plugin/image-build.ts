import { defaultCacheDir } from "../../cache/location.ts";
import type { Arch } from "../../core/arch.ts";
import { isLinuxKitError, LinuxKitError } from "../../core/errors.ts";
import { present } from "../../core/present.ts";
import { canonicalJson } from "../../core/json.ts";
import { definitionOf } from "../../definition/keyed-files.ts";
import { formatWriter } from "../../format/formats.ts";
import type { ResourceType, Work } from "../../plugin/resource-type.ts";
import { hasUnknown, type Properties, UNKNOWN, type Value } from "../../plugin/value.ts";
import { layoutsOf, sourceKey, sourcesOf } from "../../resolve/image-source.ts";
import { type Lock, withoutImages } from "../../resolve/lock.ts";
import { ArtifactStore } from "./artifact-store.ts";
import type { Builder } from "./builder.ts";
import { checkImageBuild } from "./check-image-build.ts";
import { imageBuildDiff } from "./image-build-diff.ts";
import { type ImageBuildInputs, imageBuildInputs } from "./image-build-inputs.ts";
import { type ImageBuildOutputs, imageBuildOutputs } from "./image-build-outputs.ts";
import { rememberBuild } from "./known-builds.ts";
import { changeText } from "./change-text.ts";
import { type BuildRecord, markedRecord } from "./build-record.ts";
import { keepBuild, mirrorsOf } from "./keep-build.ts";

/** A refresh sets this path for a build whose files are not on this machine: the next update builds it again. */
const MISSING = "";

/**
 * The resource that builds images. It is updated in place under one id: a replacement would lose the lock. Only what
 * uses its digest is replaced.
 */
export function imageBuildType(builder: Builder, cacheDir: string = defaultCacheDir()): ResourceType<ImageBuildInputs, ImageBuildOutputs> {
  const artifacts = new ArtifactStore(cacheDir);

  const build = (inputs: ImageBuildInputs, lock: Lock | undefined, work: Work) => keepBuild(artifacts, builder, inputs, lock, work);

  return {
    token: "linuxkit:index:ImageBuild",
    inputs: imageBuildInputs,
    outputs: imageBuildOutputs,
    check: ({ inputs, name, isSecret }) => checkImageBuild(inputs, name, isSecret),

    diff({ inputs, oldInputs, oldOutputs, isSecret }) {
      rememberBuild({ inputs: oldInputs, outputs: oldOutputs });
      const changed = imageBuildDiff(oldInputs, inputs, isSecret);
      const drifted = new Map<string, "update">();
      // only a look can find newer versions, so each update builds; in a diff, the lock would have thousands of lines
      if (inputs.update === "always" && !changed.has("update")) changed.set("update", "update");
      if (oldOutputs.path === MISSING) drifted.set("path", "update");
      return { changed, ...(drifted.size > 0 && { drifted }) };
    },

    async preview({ inputs, old, explain, isSecret, config = {}, signal }) {
      const unknown: Properties = {
        arch: inputs.arch,
        digest: UNKNOWN,
        planDigest: UNKNOWN,
        cmdline: UNKNOWN,
        path: UNKNOWN,
        files: UNKNOWN,
        segments: UNKNOWN,
        lock: UNKNOWN,
        ...(inputs.push !== undefined && { pushed: UNKNOWN }),
        ...(mayHavePcrs(inputs) && { pcrs: UNKNOWN }),
      };
      const isLater = hasUnknown(inputs);
      const now = inputs as unknown as ImageBuildInputs;
      const found =
        old && !isLater && now.image !== undefined && now.update === "always"
          ? await newest(builder, now, old.outputs.lock, { config, cacheDir: artifacts.cacheDir, signal })
          : undefined;
      const locks = found?.lock ? { before: old?.outputs.lock, after: found.lock } : {};
      const text = old && explain && (await changeText(old.inputs, inputs, artifacts.store, isSecret, locks));
      const said = text ?? (found?.lock ? "no newer version of a package or an image was found" : found?.said);
      if (said !== undefined) explain?.(found?.said === undefined || said === found.said ? said : `${said}\n${found.said}`);
      if (!old || isLater || (now.update === "always" && !found?.lock)) return unknown;
      const same: Properties = {
        ...withoutPushed(old.outputs),
        files: renamed(old.outputs.files, old.inputs.name, now.name) as unknown as Value,
        path: artifacts.path(old.outputs.digest),
        ...pushedBy(now, old),
      };
      if (now.image === undefined) return canonicalJson(fetchedBy(now)) === canonicalJson(fetchedBy(old.inputs)) ? same : unknown;
      const lock = found?.lock ?? lockForUpdate(old.outputs.lock, old.inputs, now);
      const plan = lock && (await builder.plan(definitionOf(now.image), { arch: now.arch, lock, sbom: now.sbom }));
      const others = [...imageBuildDiff(old.inputs, inputs, isSecret).keys()].filter((path) => path !== "update");
      if (found?.lock && others.length === 0 && canonicalJson(found.lock) === canonicalJson(old.outputs.lock)) return same;
      if (!plan) return { ...unknown, ...knownParts(now, old, lock) };
      const isSame = plan.digest === old.outputs.planDigest && canonicalJson(madeBy(now)) === canonicalJson(madeBy(old.inputs));
      // a change that keeps the bytes must not show the digest's users as replaced
      return isSame
        ? { ...same, lock: lock as unknown as Value }
        : { ...unknown, ...knownParts(now, old, lock), planDigest: plan.digest, cmdline: plan.cmdline };
    },

    async create({ inputs, ...work }) {
      return { id: work.name, outputs: await build(inputs, undefined, work) };
    },

    async update({ inputs, oldInputs, oldOutputs, ...work }) {
      const { digest } = oldOutputs;
      if (isRename(inputs, oldInputs)) {
        // the bytes do not depend on the name; what is no longer in the cache is built again for whoever needs it
        const files = renamed(oldOutputs.files, oldInputs.name, inputs.name);
        await artifacts.link(digest, new Map(files.map(({ name }, index) => [oldOutputs.files[index]?.name ?? name, name])));
        rememberBuild({ inputs, outputs: { ...oldOutputs, files } });
        return { outputs: { ...oldOutputs, files, path: artifacts.path(digest) } };
      }
      return { outputs: await build(inputs, lockForUpdate(oldOutputs.lock, oldInputs, inputs), work) };
    },

    async read({ id, name, outputs }) {
      if (outputs?.digest)
        return {
          id,
          outputs: { ...outputs, path: (await artifacts.holds(outputs.digest, outputs.files)) ? artifacts.path(outputs.digest) : MISSING },
        };
      const record = (await artifacts.record(id)) as BuildRecord | undefined;
      if (!record) {
        throw new LinuxKitError(
          "NOT_FOUND",
          `build ${id} not found in ${artifacts.directory}: to import a build, pass the digest (sha256:…) of one in that folder; otherwise run \`pulumi up\``,
          { what: id },
        );
      }
      const { inputs, outputs: found } = markedRecord(record);
      return { id: name, inputs, outputs: { ...found, path: artifacts.path(record.outputs.digest) } };
    },
  };
}

/** Whether one of the formats starts with one EFI program; true while the formats are unknown. */
function mayHavePcrs({ formats, arch, secureBoot }: Properties): boolean {
  return (
    !Array.isArray(formats) ||
    formats.some(
      (format) => typeof format !== "string" || formatWriter(format).wholeProgram?.(arch as Arch, secureBoot !== undefined) === true,
    )
  );
}

/** The newest versions, or why they could not be looked up: a preview works without a network too. */
async function newest(
  builder: Builder,
  { image, arch, verify, ...inputs }: ImageBuildInputs,
  former: Lock,
  { config, cacheDir, signal }: { readonly config: Properties; readonly cacheDir: string; readonly signal: AbortSignal | undefined },
): Promise<{ readonly lock?: Lock; readonly said?: string }> {
  const { debianMirror, debianSecurityMirror, debianSnapshot, registryMirrors } = inputs;
  const given = { debianMirror, debianSecurityMirror, debianSnapshot, registryMirrors };
  const mirrors = { ...mirrorsOf(config), ...Object.fromEntries(Object.entries(given).filter(([, mirror]) => mirror !== undefined)) };
  try {
    return {
      lock: await builder.newest(definitionOf(present(image)), former, { ...mirrors, arch, verify, cacheDir, ...(signal && { signal }) }),
    };
  } catch (error) {
    if (!isLinuxKitError(error) || error.code === "CANCELLED") throw error;
    return { said: `newer versions could not be looked up: ${error.code}: ${error.message}` };
  }
}

/** The outputs that stay as they are, although the bytes change: the command line, and the lock of the same sources. */
function knownParts(
  now: ImageBuildInputs,
  { inputs, outputs }: { readonly inputs: ImageBuildInputs; readonly outputs: ImageBuildOutputs },
  lock: Lock | undefined,
): Properties {
  const bootOf = ({ image, arch }: ImageBuildInputs): string => canonicalJson([image?.kernel, image?.init, image?.harden, arch]);
  const takenBy = ({ image, arch, formats, verify }: ImageBuildInputs): string => {
    const definition = image && definitionOf(image);
    const sources = definition && [...sourcesOf(definition), ...layoutsOf(definition)].map(({ source }) => sourceKey(source));
    return canonicalJson([[...new Set(sources)].sort(), arch, formats, verify]);
  };
  return {
    ...(bootOf(now) === bootOf(inputs) && { cmdline: outputs.cmdline }),
    ...(takenBy(now) === takenBy(inputs) &&
      lock &&
      canonicalJson(lock) === canonicalJson(outputs.lock) && { lock: lock as unknown as Value }),
  };
}

/** The inputs that affect the files' bytes, beside the plan. */
function madeBy({ formats, diskMiB, sbom, secureBoot }: ImageBuildInputs): object {
  return { formats, diskMiB, sbom, secureBoot };
}

function fetchedBy({ artifact, arch }: ImageBuildInputs): object {
  return { artifact, arch };
}

/** Whether nothing but the files' names changes. */
function isRename(now: ImageBuildInputs, old: ImageBuildInputs): boolean {
  const changed = [...imageBuildDiff(old, now as unknown as Properties).keys()];
  return changed.length === 1 && changed[0] === "name" && now.update !== "always";
}

/** The files of a build under another name. */
function renamed(files: ImageBuildOutputs["files"], from: string, to: string): ImageBuildOutputs["files"] {
  return files.map((file) => ({ ...file, name: file.name.startsWith(from) ? to + file.name.slice(from.length) : file.name }));
}

function withoutPushed({ pushed: _, ...outputs }: ImageBuildOutputs): Properties {
  return outputs as unknown as Properties;
}

/** The `pushed` output of unchanged bytes: known if they are already published there. */
function pushedBy(
  { push }: ImageBuildInputs,
  { inputs, outputs }: { readonly inputs: ImageBuildInputs; readonly outputs: ImageBuildOutputs },
): Properties {
  if (!push) return {};
  return { pushed: push.to === inputs.push?.to && outputs.pushed !== undefined ? outputs.pushed : UNKNOWN };
}

/** The last build's lock, without the entries of local images that have been rebuilt since. */
function lockForUpdate(lock: Lock | undefined, old: ImageBuildInputs, now: ImageBuildInputs): Lock | undefined {
  return lock && withoutImages(lock, (reference) => old.localImages?.[reference] !== now.localImages?.[reference]);
}
