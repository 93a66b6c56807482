import { z } from "zod";
import { fields, port } from "./fields.ts";

/** Where a machine's interface answers over TLS, and with which keys. */
export interface ApiSpec {
  /** TCP port of the machine. */
  readonly port: number;
  /** The authority of the clients' certificates, as PEM. */
  readonly clientCa: string;
  /** The machine's certificate, as PEM. */
  readonly certificate: string;
  /** The machine's private key, as PEM. It becomes a part of the image. */
  readonly key: string;
}

// a length as well, for the machine reads the whole of it
const pem = (kind: RegExp, wanted: string) =>
  z
    .string()
    .max(64 << 10)
    .regex(kind, wanted);

/** The schema of an {@link ApiSpec}. */
export const apiSchema = fields({
  port,
  clientCa: pem(/^\s*-----BEGIN CERTIFICATE-----/, "a certificate, as PEM"),
  certificate: pem(/^\s*-----BEGIN CERTIFICATE-----/, "a certificate, as PEM"),
  key: pem(/^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----/, "a private key, as PEM"),
});
