import type { Input } from "@pulumi/pulumi/output.js";
import { derOf, type SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";

/** A key of an image's firmware, as Compute Engine's API has it. */
export interface FirmwareKey {
  /** The certificate's DER, base64. @example "MIIDSzCCAjOgAwIBAgIB…" */
  readonly content: Input<string>;
  /** What it is: `X509`, or `BIN` for a hash. @example "X509" */
  readonly fileType: string;
}

/** The keys of an image's firmware, as Compute Engine's API takes them in `initialState`. */
export interface SecureBootState {
  /** The platform key. */
  readonly pk: FirmwareKey;
  /** Key exchange keys. */
  readonly keks: FirmwareKey[];
  /** Trusted signers. */
  readonly dbs: FirmwareKey[];
  /** Revoked signers. @default none */
  readonly dbxs?: FirmwareKey[];
}

/** The keys in Compute Engine's format: base64 of each certificate's DER. Source: Compute Engine API, `initialState`. */
export function initialState({ pk, keks, dbs, dbxs = [] }: SecureBootKeys): SecureBootState {
  const list = (name: string, keys: readonly Input<string>[]) =>
    keys.map((key, index) => ({ content: derOf(key, `${name}[${index}]`), fileType: "X509" }));
  return {
    pk: { content: derOf(pk, "pk"), fileType: "X509" },
    keks: list("keks", keks),
    dbs: list("dbs", dbs),
    ...(dbxs.length > 0 && { dbxs: list("dbxs", dbxs) }),
  };
}
