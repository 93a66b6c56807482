import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { requirePlugin } from "../resource/require-plugin.ts";

/** Arguments of {@link ClusterKeys}. */
export interface ClusterKeysArgs {
  /** Names of the nodes, each of which gets a certificate. @example ["m1", "w1"] */
  readonly nodes: Input<readonly Input<string>[]>;
  /** Days until the certificates expire. Another number makes new ones. @default 3650 @example 365 */
  readonly validDays?: Input<number> | undefined;
}

/** A certificate and its private key, as PEM. */
export interface ClusterKeyPair {
  /** The certificate. */
  readonly certificate: string;
  /** The private key. */
  readonly key: string;
}

/**
 * The keys by which the provider and the engines of a cluster's nodes know each other, made once and kept in the stack's state, where
 * private keys are encrypted. A node that comes later gets its own; all others keep theirs.
 */
export class ClusterKeys extends CustomResource {
  /** The authority's certificate, as PEM. */
  declare readonly ca: Output<string>;
  /** Certificate and key of each node: secrets. */
  declare readonly nodes: Output<Readonly<Record<string, ClusterKeyPair>>>;
  /** Certificate and key of a client that may do everything: secrets. */
  declare readonly client: Output<ClusterKeyPair>;

  constructor(name: string, args: ClusterKeysArgs, options?: CustomResourceOptions) {
    const outputs = { ca: undefined, authorityKey: undefined, client: undefined };
    super("linuxkit:index:ClusterKeys", name, { ...outputs, ...(options?.urn ? {} : args) }, requirePlugin(options));
  }
}
