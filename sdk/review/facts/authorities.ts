import { createHash } from "node:crypto";
import type { PartFacts } from "../fact.ts";

const CERTIFICATES = /-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----/gs;

/** Certificates of authorities, with their SHA-256 fingerprints as `openssl x509 -fingerprint` prints them, without colons. */
export function authoritiesIn(pem: string): readonly { readonly text: string; readonly fingerprint: string }[] {
  const found = [...pem.matchAll(CERTIFICATES)].map(([text, base64 = ""]) => ({ text, bytes: Buffer.from(base64, "base64") }));
  const all = found.length > 0 ? found : [{ text: pem.trim(), bytes: Buffer.from(pem.trim()) }];
  return all.map(({ text, bytes }) => ({ text, fingerprint: createHash("sha256").update(bytes).digest("hex") }));
}

/** The facts of the authorities of a machine's clients. */
export function addClientCa(facts: PartFacts, pem: string): void {
  for (const { text, fingerprint } of authoritiesIn(pem)) facts.add("api-clients", fingerprint, ["clientCa", fingerprint], text);
}
