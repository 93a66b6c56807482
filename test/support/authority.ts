import { readFileSync } from "node:fs";
import { judge, scratch } from "./judge.ts";

/** A key and its self-signed certificate, which is its own authority, as PEM. */
export interface Authority {
  readonly key: string;
  readonly cert: string;
}

/** An authority for loopback, for the host's address in QEMU's metadata network, and for the given names. */
export async function makeAuthority(...names: readonly string[]): Promise<Authority> {
  await using folder = await scratch();
  const [key, cert] = ["key", "cert"].map((name) => `${folder.path}/${name}`) as [string, string];
  const alternatives = ["IP:127.0.0.1", "IP:169.254.169.2", ...names.map((name) => `DNS:${name}`)].join();
  judge(
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=test",
    "-addext",
    `subjectAltName=${alternatives}`,
    "-keyout",
    key,
    "-out",
    cert,
  );
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
