import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { der, elements, octets, oid, sequence, set } from "../core/der.ts";
import { ipv4Number } from "../core/ipv4.ts";

/** A private key and its certificate, as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface Subject {
  readonly name: string;
  /** The role of a client: the organisation in the subject. */
  readonly role?: string;
  /** `peer` is both server and client. */
  readonly use: "authority" | "server" | "client" | "peer";
  /** The names of a server, for the client to compare. */
  readonly names?: readonly string[];
  /** Its IPv4 addresses, for a client that has no name for it. */
  readonly addresses?: readonly string[];
}

/** An authority that can sign: whoever has its key can be it. */
export interface Authority extends KeyPair {
  issue(subject: Subject): KeyPair;
}

// RFC 5758 3.2, RFC 5280
const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const SERVER = "1.3.6.1.5.5.7.3.1";
const CLIENT = "1.3.6.1.5.5.7.3.2";
const USES = { server: [SERVER], client: [CLIENT], peer: [SERVER, CLIENT] } as const;

/** Makes an authority whose certificates are valid from an hour before `now`, for clocks that are late, for `days`. */
export function makeAuthority(name: string, days: number, now: Date = new Date()): Authority {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = { name, use: "authority" } as const;
  const signer = { issuer: subjectName(subject), issuerKey: keys.privateKey, valid: validity(days, now) };
  return authorityOf(
    { certificate: certificateOf({ subject, publicKey: keys.publicKey, ...signer }), key: pem(keys.privateKey) },
    days,
    now,
  );
}

/** An authority that was made before. What it issues is valid from an hour before `now` for `days`. */
export function authorityOf({ certificate, key }: KeyPair, days: number, now: Date = new Date()): Authority {
  const signer = { issuer: subjectOf(certificate), issuerKey: createPrivateKey(key), valid: validity(days, now) };
  return {
    certificate,
    key,
    issue(subject) {
      const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
      return { certificate: certificateOf({ subject, publicKey: own.publicKey, ...signer }), key: pem(own.privateKey) };
    },
  };
}

interface Validity {
  readonly from: Date;
  readonly to: Date;
}

function validity(days: number, now: Date): Validity {
  return { from: new Date(now.getTime() - 3_600_000), to: new Date(now.getTime() + days * 86_400_000) };
}

function pem(key: KeyObject): string {
  return String(key.export({ type: "pkcs8", format: "pem" }));
}

/** The subject of a certificate: version, serial number, algorithm, issuer and validity are before it (RFC 5280 4.1). */
function subjectOf(certificate: string): Buffer {
  const [body] = elements(new X509Certificate(certificate).raw);
  return elements(body as Buffer)[5] as Buffer;
}

interface Certified {
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  readonly issuer: Buffer;
  readonly issuerKey: KeyObject;
  readonly valid: Validity;
}

/** An X.509 certificate of version 3 (RFC 5280 4.1), as PEM. */
function certificateOf({ subject, publicKey, issuer, issuerKey, valid }: Certified): string {
  const serial = randomBytes(16);
  // a positive number without a needless zero at its begin
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    ECDSA_SHA256,
    issuer,
    sequence(time(valid.from), time(valid.to)),
    subjectName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions(subject, publicKey, issuerKey))),
  );
  const bytes = sequence(body, ECDSA_SHA256, bits(sign("sha256", body, issuerKey)));
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
}

// RFC 5280 4.2.1
function extensions({ use, names = [], addresses = [] }: Subject, publicKey: KeyObject, issuerKey: KeyObject): Buffer[] {
  const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
    sequence(oid(id), ...(critical ? [der(0x01, Buffer.of(0xff))] : []), octets(value));
  const both = [
    extension("2.5.29.14", octets(keyId(publicKey))),
    extension("2.5.29.35", sequence(der(0x80, keyId(createPublicKey(issuerKey))))),
  ];
  // keyCertSign is bit 5, digitalSignature bit 0
  if (use === "authority")
    return [
      extension("2.5.29.19", sequence(der(0x01, Buffer.of(0xff))), true),
      extension("2.5.29.15", der(0x03, Buffer.of(2, 0x04)), true),
      ...both,
    ];
  return [
    extension("2.5.29.15", der(0x03, Buffer.of(7, 0x80)), true),
    extension("2.5.29.37", sequence(...USES[use].map(oid))),
    ...(names.length + addresses.length > 0
      ? [
          extension(
            "2.5.29.17",
            sequence(...names.map((name) => der(0x82, Buffer.from(name))), ...addresses.map((address) => der(0x87, addressBytes(address)))),
          ),
        ]
      : []),
    ...both,
  ];
}

function addressBytes(address: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(ipv4Number(address) ?? 0);
  return bytes;
}

function keyId(key: KeyObject): Buffer {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);
}

function subjectName({ name, role }: Subject): Buffer {
  const part = (id: string, text: string): Buffer => set(sequence(oid(id), der(0x0c, Buffer.from(text))));
  return sequence(...(role === undefined ? [] : [part("2.5.4.10", role)]), part("2.5.4.3", name));
}

/** UTCTime until 2049, GeneralizedTime after it (RFC 5280 4.1.2.5). */
function time(date: Date): Buffer {
  const text = `${date.toISOString().replace(/[-:T]|\.\d+/g, "")}`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function bits(content: Uint8Array): Buffer {
  return der(0x03, Buffer.of(0), content);
}
