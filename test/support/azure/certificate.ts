import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { mustRun } from "../run-tool.ts";

/** A certificate for loopback in temporary files. */
export interface Certificate extends AsyncDisposable {
  /** File with the certificate, for `NODE_EXTRA_CA_CERTS` of a process that must trust it. */
  readonly path: string;
  readonly keyPath: string;
  /** File with certificate and key, for a client that logs in with it. */
  readonly bothPath: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a key and a self-signed certificate with openssl, valid for a day. */
export async function makeCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "azure-certificate-"));
  const [path, keyPath, bothPath] = ["cert.pem", "key.pem", "both.pem"].map((name) => join(folder, name)) as [string, string, string];
  await mustRun(
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "1",
    "-subj",
    "/CN=127.0.0.1",
    "-addext",
    "subjectAltName=IP:127.0.0.1",
    "-keyout",
    keyPath,
    "-out",
    path,
  );
  const [cert, key] = await Promise.all([readFile(path, "utf8"), readFile(keyPath, "utf8")]);
  await mustRun("sh", "-c", `cat "$1" "$2" > "$3"`, "sh", path, keyPath, bothPath);
  return { path, keyPath, bothPath, cert, key, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Makes this process trust it; Node reads `NODE_EXTRA_CA_CERTS` only when it starts. */
export function trust({ cert }: Certificate): void {
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), cert]);
}
