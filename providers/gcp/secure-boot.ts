import type { Input } from "@pulumi/pulumi/output.js";
import { derOf, type SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";

/** A certificate in Compute Engine's format. */
interface Buffered {
  readonly content: Input<string>;
  readonly fileType: string;
}

/** The API's `initialState`. */
export interface SecureBootState {
  readonly pk: Buffered;
  readonly keks: Buffered[];
  readonly dbs: Buffered[];
  readonly dbxs?: Buffered[];
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
