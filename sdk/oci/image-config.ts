import { z } from "zod";
import type { Digest } from "../core/digest.ts";
import { listOf, mapOf } from "../schema/list-of.ts";
import { digestSchema } from "./descriptor.ts";
import { parseDocument } from "./document.ts";

/**
 * An image's settings for its containers: the members of an OCI image configuration that LinuxKit reads (image-spec,
 * config.md), and the fields of its `org.mobyproject.config` label. An image of Debian packages has one too. For a
 * container the definition wins over the label, and the label over the other members.
 */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  /** `""` when the image sets none. */
  readonly workingDir: string;
  /** `user`, `uid`, `user:group`, `uid:gid`, `uid:group` or `user:gid`; `""` when the image sets none. */
  readonly user: string;
  /** `SIGQUIT`; `""` when the image sets none. */
  readonly stopSignal: string;
  /** The users and groups of the image itself, if a name or a number of `user` is looked up there. */
  readonly accounts?: ImageAccounts | undefined;
  /** The parsed label: container fields under LinuxKit's own names. */
  readonly label: Readonly<Record<string, unknown>>;
}

/** What an image's own `/etc/passwd` and `/etc/group` say, in their order. */
export interface ImageAccounts {
  readonly users: readonly { readonly name: string; readonly uid: number; readonly gid: number }[];
  readonly groups: readonly { readonly name: string; readonly gid: number; readonly members: readonly string[] }[];
}

/** The label that carries LinuxKit's container fields, as JSON or YAML. */
export const CONFIG_LABEL = "org.mobyproject.config";

/** Most bytes of a configuration's JSON. */
export const CONFIG_LIMIT = 8 << 20;

/** An image configuration as parsed from its blob: {@link ImageConfig} with the label's text unparsed. */
export interface ImageConfigDocument extends Omit<ImageConfig, "label" | "accounts"> {
  /** `""` when the configuration sets none. */
  readonly os: string;
  readonly architecture: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The text of the `org.mobyproject.config` label, JSON or YAML; undefined without that label. */
  readonly labelText: string | undefined;
  /** The sha256 of each layer's uncompressed tar, bottom layer first. */
  readonly diffIds: readonly Digest[];
}

const strings = listOf(z.string())
  .nullish()
  .transform((value) => value ?? []);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");

const configSchema = z.object({
  os: text,
  architecture: text,
  config: z
    .object({
      Entrypoint: strings,
      Cmd: strings,
      Env: strings,
      WorkingDir: text,
      User: text,
      StopSignal: text,
      Labels: mapOf(z.string()).nullish(),
    })
    .nullish(),
  rootfs: z.object({ diff_ids: listOf(digestSchema).nullish() }).nullish(),
});

/**
 * Parses an image configuration (image-spec, config.md).
 *
 * @param what names it in messages
 * @throws CORRUPT; TOO_LARGE above {@link CONFIG_LIMIT}
 */
export function parseImageConfig(bytes: Uint8Array, what: string): ImageConfigDocument {
  const { os, architecture, config, rootfs } = parseDocument(configSchema, bytes, what, CONFIG_LIMIT);
  const labels = config?.Labels ?? {};
  return {
    os,
    architecture,
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    env: config?.Env ?? [],
    workingDir: config?.WorkingDir ?? "",
    user: config?.User ?? "",
    stopSignal: config?.StopSignal ?? "",
    labels,
    labelText: Object.hasOwn(labels, CONFIG_LABEL) ? labels[CONFIG_LABEL] : undefined,
    diffIds: rootfs?.diff_ids ?? [],
  };
}
