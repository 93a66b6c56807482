import { z } from "zod";
import { type Digest, hexOf } from "../core/digest.ts";
import { listOf, mapOf } from "../schema/list-of.ts";
import type { SigningKey, VerifyingKey } from "./key.ts";
import { parseJson } from "./simple-signing.ts";

/** The media type, and the artifact type, of a bundle (sigstore's protobuf-specs, bundle v0.3). */
export const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** The predicate type of a bundle's statement: it only states that an image is signed. */
export const SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1";

const STATEMENT = "https://in-toto.io/Statement/v1";
const PAYLOAD = "application/vnd.in-toto+json";

/** Signs an image and returns the bundle as JSON, as cosign 3 writes it for a key. */
export async function makeBundle(image: Digest, key: SigningKey): Promise<Buffer> {
  const statement = {
    _type: STATEMENT,
    subject: [{ digest: { sha256: hexOf(image) }, annotations: {} }],
    predicateType: SIGN_PREDICATE,
    predicate: {},
  };
  const payload = Buffer.from(JSON.stringify(statement));
  const signature = await key.sign(preAuthEncoding(PAYLOAD, payload));
  return Buffer.from(
    JSON.stringify({
      mediaType: BUNDLE,
      verificationMaterial: { publicKey: { hint: key.hint } },
      dsseEnvelope: {
        payload: payload.toString("base64"),
        payloadType: PAYLOAD,
        signatures: [{ sig: Buffer.from(signature).toString("base64") }],
      },
    }),
  );
}

const bundleSchema = z.object({
  dsseEnvelope: z.object({
    payload: z.base64(),
    payloadType: z.literal(PAYLOAD),
    signatures: z
      .array(z.object({ sig: z.base64() }))
      .min(1)
      .max(10),
  }),
});

const statementSchema = z.object({
  _type: z.literal(STATEMENT),
  subject: listOf(z.object({ digest: mapOf(z.string()) })),
  predicateType: z.literal(SIGN_PREDICATE),
});

/** Whether a bundle is a signature of the image by one of the keys. An attestation with another predicate is not. */
export function isBundleOf(bundle: Uint8Array, image: Digest, keys: readonly VerifyingKey[]): boolean {
  const parsed = bundleSchema.safeParse(parseJson(bundle));
  if (!parsed.success) return false;
  const { payload, payloadType, signatures } = parsed.data.dsseEnvelope;
  const bytes = Buffer.from(payload, "base64");
  const signed = preAuthEncoding(payloadType, bytes);
  if (!signatures.some(({ sig }) => keys.some((key) => key.verify(signed, Buffer.from(sig, "base64"))))) return false;
  const statement = statementSchema.safeParse(parseJson(bytes));
  return statement.success && statement.data.subject.some(({ digest }) => digest["sha256"] === hexOf(image));
}

/** The bytes that an envelope's signature covers (DSSE, protocol.md, PAE): type and payload, each with its length. */
export function preAuthEncoding(type: string, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}
