import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { mustRun } from "../run-tool.ts";

/** A certificate for loopback that goes away with the test that uses it. */
export interface Certificate extends AsyncDisposable {
  /** Where it is: what `NODE_EXTRA_CA_CERTS` names for a process that shall trust it. */
  readonly path: string;
  readonly keyPath: string;
  /** The file with certificate and key, as a client that logs in by it reads it. */
  readonly bothPath: string;
  readonly cert: string;
  readonly key: string;
}

/** Has openssl make a key and a certificate that signs itself, good for a day. */
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

/** Lets this process trust it too; the variable is read at a process's start only. */
export function trust({ cert }: Certificate): void {
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), cert]);
}
