import { createHash } from "node:crypto";
import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";
import { authenticodeDigest } from "./authenticode.ts";
import { der, elements, integer, NULL, octets, oid, sequence, set } from "../core/der.ts";
import { parsePe, PE_HEAD_BYTES } from "./pe.ts";
import { SHA256, type Signer } from "./signer.ts";
import type { Sized } from "./uki.ts";

const RSA = sequence(oid("1.2.840.113549.1.1.1"), NULL);
const INDIRECT_DATA = oid("1.3.6.1.4.1.311.2.1.4");

/**
 * Adds an Authenticode signature to an EFI program (Windows Authenticode Portable Executable Signature Format;
 * UEFI 2.10, 32.2.4). No time is signed, so the same program and key give the same bytes. The program is read twice.
 *
 * @throws UNSUPPORTED when it is already signed, CORRUPT when it is not an EFI program
 */
export async function signProgram(program: Sized, signer: Signer): Promise<Sized> {
  const signature = await encodeSignature(await authenticodeDigest(program.body, "EFI program"), signer);
  const start = Math.ceil(program.size / 8) * 8;
  const entry = Buffer.alloc(Math.ceil((8 + signature.length) / 8) * 8);
  entry.writeUInt32LE(entry.length, 0);
  entry.writeUInt16LE(0x0200, 4);
  entry.writeUInt16LE(0x0002, 6);
  entry.set(signature, 8);
  const point = (head: Buffer): Buffer => {
    const { optionalAt, certificates } = parsePe(head, "EFI program");
    if (certificates.size > 0) throw new LinuxKitError("UNSUPPORTED", "EFI program: it is already signed", { what: "a second signature" });
    head.writeUInt32LE(start, optionalAt + 144);
    head.writeUInt32LE(entry.length, optionalAt + 148);
    return head;
  };
  return {
    size: start + entry.length,
    body: {
      async *[Symbol.asyncIterator]() {
        let head: Buffer | undefined = Buffer.alloc(0);
        for await (const chunk of program.body) {
          if (!head) {
            yield chunk;
            continue;
          }
          head = Buffer.concat([head, chunk]);
          if (head.length < PE_HEAD_BYTES) continue;
          yield point(head);
          head = undefined;
        }
        if (head) yield point(head);
        yield new Uint8Array(start - program.size);
        yield entry;
      },
    },
  };
}

/** PKCS #7 signed data (RFC 2315) over the digest of a program. */
async function encodeSignature(digest: Uint8Array, signer: Signer): Promise<Buffer> {
  // readers expect an empty file link and ignore it
  const image = sequence(oid("1.3.6.1.4.1.311.2.1.15"), sequence(der(0x03, Buffer.of(0)), der(0xa0, der(0xa2, der(0x80)))));
  const content = [image, sequence(SHA256, octets(digest))];
  const contentDigest = createHash("sha256").update(Buffer.concat(content)).digest();
  const attributes = [
    sequence(oid("1.2.840.113549.1.9.3"), set(INDIRECT_DATA)),
    sequence(oid("1.2.840.113549.1.9.4"), set(octets(contentDigest))),
  ];
  // the signature covers the attributes as a SET; the file holds them with a context tag (RFC 2315 9.3)
  const signed = await signer.sign(
    createHash("sha256")
      .update(set(...attributes))
      .digest(),
  );
  const { issuer, serial } = issuerOf(signer.certificate);
  const signerInfo = sequence(integer(1), sequence(issuer, serial), SHA256, der(0xa0, ...attributes), RSA, octets(signed));
  return sequence(
    oid("1.2.840.113549.1.7.2"),
    der(
      0xa0,
      sequence(
        integer(1),
        set(SHA256),
        sequence(INDIRECT_DATA, der(0xa0, sequence(...content))),
        der(0xa0, signer.certificate),
        set(signerInfo),
      ),
    ),
  );
}

/** Issuer and serial number of a certificate, in its own encoding (RFC 5280 4.1). */
function issuerOf(certificate: Uint8Array): { readonly issuer: Buffer; readonly serial: Buffer } {
  const fields = elements(present(elements(certificate)[0]));
  // a version may come before them
  const first = present(fields[0])[0] === 0xa0 ? 1 : 0;
  return { serial: present(fields[first]), issuer: present(fields[first + 2]) };
}
