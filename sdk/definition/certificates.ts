import { X509Certificate } from "node:crypto";
import { z } from "zod";

/** As many bytes as the guest reads of an authority. */
const MOST = 64 << 10;

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/** Certificates as PEM, and nothing that is secret: they become a part of the image. */
export const certificates = z.string().superRefine((pem, context) => {
  const refuse = (message: string): void => context.addIssue({ code: "custom", message });
  const blocks = [...pem.matchAll(BLOCK)];
  if (Buffer.byteLength(pem) > MOST) refuse(`at most ${MOST} bytes`);
  else if (blocks.some(([, kind]) => kind?.endsWith("PRIVATE KEY")))
    refuse("certificates without a private key: give the key as a secret of the service that needs it");
  else if (blocks.length === 0 || blocks.some(([block, kind]) => kind !== "CERTIFICATE" || !isCertificate(block)))
    refuse('a certificate as PEM, from "-----BEGIN CERTIFICATE-----" on');
});

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).subject !== undefined;
  } catch {
    return false;
  }
}
