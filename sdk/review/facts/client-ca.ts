import { createHash } from "node:crypto";
import type { PartFacts } from "../fact.ts";

const CERTIFICATES = /-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----/gs;

/**
 * The facts of the authorities of a machine's clients: each certificate by its SHA-256 fingerprint, as `openssl x509
 * -fingerprint` prints it, without colons.
 */
export function addClientCa(facts: PartFacts, pem: string): void {
  const found = [...pem.matchAll(CERTIFICATES)].map(([text, base64 = ""]) => ({ text, bytes: Buffer.from(base64, "base64") }));
  for (const { text, bytes } of found.length > 0 ? found : [{ text: pem.trim(), bytes: Buffer.from(pem.trim()) }]) {
    const fingerprint = createHash("sha256").update(bytes).digest("hex");
    facts.add("api-clients", fingerprint, ["clientCa", fingerprint], text);
  }
}
