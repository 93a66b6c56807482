import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** A machine that gets keys of {@link KubernetesKeys}. */
export interface KubernetesKeysMachineArgs {
  /** Its address in the machines' network. @example "10.77.0.11" */
  readonly address: Input<string>;
  /** What it is in the cluster. */
  readonly role: Input<"control-plane" | "worker">;
  /** Further names by which clients reach its API server. @default none @example ["api.example.com"] */
  readonly names?: Input<readonly Input<string>[]> | undefined;
  /** Further IPv4 addresses by which clients reach its API server. @default none @example ["192.0.2.7"] */
  readonly addresses?: Input<readonly Input<string>[]> | undefined;
}

/** Arguments of {@link KubernetesKeys}. */
export interface KubernetesKeysArgs {
  /** Machines by name. One that is added gets keys; those of the others stay. */
  readonly machines: Input<Readonly<Record<string, Input<KubernetesKeysMachineArgs>>>>;
  /** The addresses of pods. Another network makes new keys. @example "10.244.0.0/16" */
  readonly pods: Input<string>;
  /** The addresses of Kubernetes' services. Another network makes new keys. @example "10.96.0.0/16" */
  readonly services: Input<string>;
  /** The version of Kubernetes. One that the version skew policy does not allow after the former is refused. @example "1.34.4" */
  readonly version: Input<string>;
  /** Days until the certificates expire. Another number makes new keys. @default 3650 @example 365 */
  readonly validDays?: Input<number> | undefined;
  /** Any text; another one makes new keys. @default "" */
  readonly generation?: Input<string> | undefined;
}

/**
 * The authorities of a Kubernetes cluster and the keys of its machines, made once and kept in the stack's state, encrypted there. There
 * is no token by which a machine joins: its certificate says which node it is.
 */
export class KubernetesKeys extends CustomResource {
  /** The authority of the API servers, as PEM. */
  declare readonly certificate: Output<string>;
  /** Certificate and key of a client that may do everything, as PEM: a secret. */
  declare readonly administrator: Output<{
    /** The certificate, as PEM. */
    readonly certificate: string;
    /** The private key, as PEM. */
    readonly key: string;
  }>;
  /** The secrets of each machine's services: a secret. */
  declare readonly secrets: Output<Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>>;

  constructor(name: string, args: KubernetesKeysArgs, options?: CustomResourceOptions) {
    const outputs = { certificate: undefined, administrator: undefined, secrets: undefined, authorities: undefined };
    super("linuxkit:index:KubernetesKeys", name, { ...outputs, ...(options?.urn ? {} : args) }, requirePlugin(options));
  }
}
