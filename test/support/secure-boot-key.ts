import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "./judge.ts";

/** A new RSA key and its certificate, both PEM, from openssl. */
export function makeKeyPair(...options: string[]): { readonly key: string; readonly certificate: string } {
  const folder = mkdtempSync(join(tmpdir(), "linuxkit-key-"));
  try {
    const [key, certificate] = [join(folder, "key"), join(folder, "pem")];
    judge("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-keyout", key, "-out", certificate, ...options);
    return { key: readFileSync(key, "utf8"), certificate: readFileSync(certificate, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
