import { z } from "zod";
import type { Digest } from "../core/digest.ts";
import { digestSchema } from "./descriptor.ts";
import { parseDocument } from "./document.ts";

/**
 * What an image says about the container made from it: the members of an OCI image configuration that LinuxKit
 * reads (image-spec, config.md), and the fields of its `org.mobyproject.config` label. An image made from Debian
 * packages has one too. Precedence in a container: definition, then label, then the rest.
 */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  /** `""` when the image names none. */
  readonly workingDir: string;
  /** The parsed label: container fields under LinuxKit's own names. */
  readonly label: Readonly<Record<string, unknown>>;
}

/** The label that carries LinuxKit's container fields, as JSON or YAML. */
export const CONFIG_LABEL = "org.mobyproject.config";

/** A configuration's JSON may have this many bytes. */
export const CONFIG_LIMIT = 8 << 20;

/** An image configuration as its blob says it: {@link ImageConfig} with the label's text unparsed. */
export interface ImageConfigDocument extends Omit<ImageConfig, "label"> {
  /** `""` when the configuration names none. */
  readonly os: string;
  readonly architecture: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The text of the `org.mobyproject.config` label, JSON or YAML; undefined when there is none. */
  readonly labelText: string | undefined;
  /** The sha256 of each layer's tar, uncompressed, bottom first. */
  readonly diffIds: readonly Digest[];
}

const strings = z
  .array(z.string())
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
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
  rootfs: z.object({ diff_ids: z.array(digestSchema).nullish() }).nullish(),
});

/**
 * Parses an image configuration.
 *
 * @throws CORRUPT, TOO_LARGE
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
    labels,
    labelText: Object.hasOwn(labels, CONFIG_LABEL) ? labels[CONFIG_LABEL] : undefined,
    diffIds: rootfs?.diff_ids ?? [],
  };
}
