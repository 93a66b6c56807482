import type { Input } from "@pulumi/pulumi/output.js";
import { derOf, type SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";

/** The keys of an image's firmware, as Compute Engine's API takes them in `initialState`. */
export interface SecureBootState {
  /** The platform key. */
  readonly pk: { readonly content: Input<string>; readonly fileType: string };
  /** Key exchange keys. */
  readonly keks: { readonly content: Input<string>; readonly fileType: string }[];
  /** Trusted signers. */
  readonly dbs: { readonly content: Input<string>; readonly fileType: string }[];
  /** Revoked signers. @default none */
  readonly dbxs?: { readonly content: Input<string>; readonly fileType: string }[];
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
