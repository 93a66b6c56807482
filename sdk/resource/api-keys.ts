import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { requirePlugin } from "./require-plugin.ts";

/** Arguments of {@link ApiKeys}. */
export interface ApiKeysArgs {
  /** Days until the certificates expire. @default 3650 @example 365 */
  readonly validDays?: Input<number> | undefined;
  /** Any text; another one makes new keys, and so a new OS and new machines. @default "" */
  readonly generation?: Input<string> | undefined;
}

/**
 * The keys of machines' interface and of its clients, made once and kept in the stack's state; private keys are encrypted
 * there. Give them to an OS: `new Image({ api: keys.api(8443), … })`.
 */
export class ApiKeys extends CustomResource {
  /** The authority of the clients, as PEM. */
  declare readonly clientCa: Output<string>;
  /** The machine's certificate, as PEM. */
  declare readonly certificate: Output<string>;
  /** The machine's private key, as PEM: a secret. */
  declare readonly key: Output<string>;
  /** The keys of a client that may only read, a file of the command's `--keys`: a secret. */
  declare readonly reader: Output<string>;
  /** The keys of a client that may run commands in services, a file of the command's `--keys`: a secret. */
  declare readonly administrator: Output<string>;

  constructor(name: string, args: ApiKeysArgs = {}, options?: CustomResourceOptions) {
    const outputs = { clientCa: undefined, certificate: undefined, key: undefined, reader: undefined, administrator: undefined };
    super("linuxkit:index:ApiKeys", name, { ...outputs, ...(options?.urn ? {} : args) }, requirePlugin(options));
  }

  /** The `api` of an OS whose machines answer with these keys on a TCP port. */
  api(port: Input<number>): {
    readonly port: Input<number>;
    readonly clientCa: Output<string>;
    readonly certificate: Output<string>;
    readonly key: Output<string>;
  } {
    const { clientCa, certificate, key } = this;
    return { port, clientCa, certificate, key };
  }
}
