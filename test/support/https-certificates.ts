import { readFileSync } from "node:fs";
import { judge, scratch } from "./judge.ts";

/** The certificate of an authority, and servers' keys with certificates that it has signed, all PEM, from openssl. */
export interface HttpsCertificates {
  readonly ca: string;
  /** By the names of `servers`: a private key and a certificate in one text. */
  readonly servers: Readonly<Record<string, string>>;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** @param servers by name: the subjectAltName of the certificate, and for how many days it is valid; negative: it has expired */
export async function httpsCertificates(
  servers: Readonly<Record<string, { readonly names: string; readonly days?: number }>>,
): Promise<HttpsCertificates> {
  await using folder = await scratch();
  const at = (name: string): string => `${folder.path}/${name}`;
  judge("openssl", "req", "-x509", ...KEY, "-days", "3", "-subj", "/CN=authority", "-keyout", at("ca.key"), "-out", at("ca.crt"));
  const signed = Object.entries(servers).map(([name, { names, days = 2 }]) => {
    judge("openssl", "req", ...KEY, "-subj", `/CN=${name}`, "-addext", `subjectAltName=${names}`, "-keyout", at("key"), "-out", at("csr"));
    const by = ["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-CAcreateserial", "-copy_extensions", "copy", "-days", String(days)];
    judge("openssl", "x509", "-req", "-in", at("csr"), ...by, "-out", at("crt"));
    return [name, readFileSync(at("key"), "utf8") + readFileSync(at("crt"), "utf8")] as const;
  });
  return { ca: readFileSync(at("ca.crt"), "utf8"), servers: Object.fromEntries(signed) };
}
