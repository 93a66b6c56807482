import { stat } from "node:fs/promises";
import type { z } from "zod";
import { defaultCacheDir } from "../../cache/location.ts";
import { type Digest, digestOf, hexOf } from "../../core/digest.ts";
import { LinuxKitError } from "../../core/errors.ts";
import { checkInputs, type Rule } from "../../plugin/check-inputs.ts";
import { inputDiff } from "../../plugin/input-diff.ts";
import { LatestAccess } from "../../plugin/latest-access.ts";
import type { Created, ResourceType, Work } from "../../plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../plugin/value.ts";
import { lazyBuilder, withArtifactFiles } from "../../resource/plugin/artifact-files.ts";
import { ArtifactStore } from "../../resource/plugin/artifact-store.ts";
import type { Builder } from "../../resource/plugin/builder.ts";
import type { Journal } from "../journal.ts";
import { oneAtATime } from "../one-at-a-time.ts";

/** What every upload is given. */
interface UploadInputs {
  /** A file that a build wrote, by its path on the host that built it. */
  readonly file: string;
  /** sha256 of the file. */
  readonly digest: Digest;
}

/** The resource that an upload replaces, as the state holds it. */
export interface Previous<I, O> {
  readonly id: string;
  readonly inputs: I;
  readonly outputs: O;
}

/** One upload under way. */
export interface UploadJob<I, O> extends Work {
  readonly inputs: I;
  /** What this resource replaces. */
  readonly previous: Previous<I, O> | undefined;
  /** The file on this host, which stays in the cache until the upload ends. */
  readonly file: string;
  /** Bytes of it. */
  readonly size: number;
  /**
   * Sends while no other process of this host sends the same bytes for the same resource.
   *
   * @param send given the journal, which names what a killed run of this host has begun and not completed
   */
  journaled<T>(send: (journal: Journal) => Promise<T>): Promise<T>;
}

/** What the upload of one cloud is made of. `Link`: its clients, connected as one identity. */
export interface UploadParts<I extends UploadInputs, O extends I, Link extends Partial<Disposable>> {
  readonly token: string;
  /** As in {@link ResourceType}. @default none */
  packages?(inputs: Properties): readonly string[];
  /** What it makes, for messages: `snapshot`. */
  readonly what: string;
  /** Their notes also decide which changes replace the upload, update it in place, or are ignored. */
  readonly inputs: z.ZodObject;
  /** All outputs, the inputs among them. */
  readonly outputs: z.ZodObject;
  /** Checks across several inputs. @default none */
  readonly rules?: readonly Rule[];
  /** Inputs that are credentials. */
  readonly access: readonly string[];
  /** Inputs that the upload resolved: where the resource is. @default none */
  place?(outputs: O): Partial<I>;
  /** Whether the latest inputs' credentials are for the place where the resource is. @default always */
  reaches?(latest: I, outputs: O): boolean;
  connect(inputs: I, signal: AbortSignal): Promise<Link>;
  /** Distinguishes the journal from others of this host, beside the resource's URN. It tells nothing of whose an upload is. */
  key(inputs: I, link: Link): readonly unknown[];
  upload(link: Link, job: UploadJob<I, O>): Promise<Created<O>>;
  /** Whether it still exists. */
  exists(link: Link, id: string, outputs: O, signal: AbortSignal): Promise<boolean>;
  /** Updates the resource in place. */
  change?(link: Link, inputs: I, old: O, signal: AbortSignal): Promise<void>;
  remove(link: Link, outputs: O, signal: AbortSignal): Promise<void>;
}

/**
 * The resource type of an image's upload to a cloud. Its file stays in the cache, or is built again, while it is sent; one
 * process of this host sends it at a time, with a journal from which an interrupted upload resumes.
 */
export function uploadType<I extends UploadInputs, O extends I, Link extends Partial<Disposable>>(
  parts: UploadParts<I, O, Link>,
  cacheDir: string = defaultCacheDir(),
  loadBuilder: () => Promise<Builder> = lazyBuilder,
): ResourceType<I, O> {
  // create gets no old state: keep that of the diff, which asked for the replacement
  const before = new Map<string, Previous<I, O>>();
  const artifacts = new ArtifactStore(cacheDir);
  // an input that the upload resolves is unknown too, unless the program sets it
  const unknown = Object.keys(parts.outputs.shape).filter((name) => parts.outputs.shape[name] !== parts.inputs.shape[name]);
  const latest = new LatestAccess<I>(parts.access);
  const linked = async <T>(inputs: I, signal: AbortSignal, use: (link: Link) => Promise<T>): Promise<T> => {
    const link = await parts.connect(inputs, signal);
    try {
      return await use(link);
    } finally {
      link[Symbol.dispose]?.();
    }
  };
  const placed = (inputs: I, outputs: O): I => ({ ...inputs, ...parts.place?.(outputs) });
  return {
    token: parts.token,
    ...(parts.packages && { packages: parts.packages }),
    inputs: parts.inputs,
    outputs: parts.outputs,
    check({ urn, inputs, isSecret }) {
      return latest.note(urn, checkInputs(parts.inputs, inputs, { isSecret, ...(parts.rules && { rules: parts.rules }) }));
    },
    diff({ urn, id, inputs, oldInputs, oldOutputs }) {
      before.set(urn, { id, inputs: oldInputs, outputs: oldOutputs });
      return { changed: inputDiff(parts.inputs, oldInputs, inputs) };
    },
    preview: ({ inputs, old }) => ({
      ...Object.fromEntries(unknown.map((name) => [name, UNKNOWN])),
      ...(old?.outputs as unknown as Properties),
      ...inputs,
    }),
    async create({ inputs, ...work }) {
      const { urn, signal } = work;
      const file = artifacts.local(inputs.file);
      return linked(inputs, signal, (link) =>
        withArtifactFiles([file], cacheDir, loadBuilder, work, async () => {
          const { size } = await stat(file);
          const key = hexOf(digestOf(JSON.stringify([urn, ...parts.key(inputs, link)]))).slice(0, 32);
          return parts.upload(link, {
            ...work,
            inputs,
            previous: before.get(urn),
            file,
            size,
            journaled: (send) => oneAtATime({ cacheDir, key, signal }, send),
          });
        }),
      );
    },
    async read({ id, inputs, outputs, signal }) {
      if (!inputs || !outputs)
        throw new LinuxKitError(
          "UNSUPPORTED",
          `${parts.what} ${id} cannot be imported, because its source image is unknown: let an update upload the image instead`,
          { what: `import of a ${parts.what}` },
        );
      const exists = await linked(placed(inputs, outputs), signal, (link) => parts.exists(link, id, outputs, signal));
      return exists ? { id, outputs } : undefined;
    },
    ...(parts.change && {
      async update({ inputs, oldOutputs, signal }) {
        const now = placed(inputs, oldOutputs);
        await linked(now, signal, async (link) => parts.change?.(link, inputs, oldOutputs, signal));
        return { outputs: { ...oldOutputs, ...now } };
      },
    }),
    async delete({ urn, inputs, outputs, signal }) {
      const who = latest.of(urn, inputs, (latest) => parts.reaches?.(latest, outputs) ?? true);
      await linked(placed(who, outputs), signal, (link) => parts.remove(link, outputs, signal));
    },
  };
}
