import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants, sign, X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { present } from "../../sdk/core/present.ts";
import { authenticodeDigest } from "../../sdk/disk/authenticode.ts";
import { signProgram } from "../../sdk/disk/secure-boot.ts";
import { signerOf } from "../../sdk/disk/signer.ts";
import { unifiedKernelImage } from "../../sdk/disk/uki.ts";
import { noise } from "../support/disks.ts";
import { efiProgram } from "../support/efi-program.ts";
import { judge, scratch } from "../support/judge.ts";

const sized = (bytes: Uint8Array) => ({ size: bytes.length, body: [bytes] });
const uki = unifiedKernelImage({
  stub: efiProgram(),
  kernel: sized(efiProgram({ code: noise(9000) })),
  initrd: sized(noise(30_003)),
  cmdline: "quiet",
});

describe("a Secure Boot signature", () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  const pem: Record<string, string> = {};
  before(async () => {
    folder = await scratch();
    for (const [name, ...options] of [
      ["one", "rsa:2048"],
      ["two", "rsa:3072", "-set_serial", "0x00ffee"],
      ["curve", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ] as const) {
      const [key, certificate] = [join(folder.path, `${name}.key`), join(folder.path, `${name}.pem`)];
      judge("openssl", "req", "-x509", "-newkey", ...options, "-nodes", "-subj", `/CN=${name}/O=test`, "-keyout", key, "-out", certificate);
      pem[`${name}.key`] = await readFile(key, "utf8");
      pem[`${name}.pem`] = await readFile(certificate, "utf8");
    }
  });
  after(() => folder[Symbol.asyncDispose]());
  const signer = (name: string) => signerOf({ key: present(pem[`${name}.key`]), certificate: present(pem[`${name}.pem`]) });

  for (const name of ["one", "two"]) {
    test(`by key ${name} is verified by sbverify with its own certificate only`, async () => {
      const signed = await signProgram(uki, signer(name));
      const file = await folder.file(`${name}.efi`, signed.body);
      assert.equal((await readFile(file)).length, signed.size);
      assert.match(judge("sbverify", "--cert", join(folder.path, `${name}.pem`), file), /Signature verification OK/);
      assert.throws(
        () => judge("sbverify", "--cert", join(folder.path, `${name === "one" ? "two" : "one"}.pem`), file),
        /verification failed/i,
      );
      assert.deepEqual(await authenticodeDigest([await readFile(file)]), await authenticodeDigest(uki.body));
    });
  }

  test("does not cover a program that was changed", async () => {
    const bytes = await collect((await signProgram(uki, signer("one"))).body);
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
    const file = join(folder.path, "changed.efi");
    await writeFile(file, bytes);
    assert.throws(() => judge("sbverify", "--cert", join(folder.path, "one.pem"), file), /verification failed/i);
  });

  test("is the same each time", async () =>
    assert.deepEqual(
      await collect((await signProgram(uki, signer("one"))).body),
      await collect((await signProgram(uki, signer("one"))).body),
    ));

  for (const form of ["PEM", "DER"]) {
    test(`by a function that gets the digest is the same as by the key, with the certificate as ${form}`, async () => {
      const asked: number[] = [];
      const ask = async (digest: Uint8Array) => {
        asked.push(digest.length);
        // as a key service signs a digest: openssl adds the algorithm's identifier
        return execFileSync("openssl", ["pkeyutl", "-sign", "-inkey", join(folder.path, "one.key"), "-pkeyopt", "digest:sha256"], {
          input: digest,
        });
      };
      const certificate = present(pem["one.pem"]);
      const signed = await signProgram(
        uki,
        signerOf({ certificate: form === "PEM" ? certificate : new X509Certificate(certificate).raw, sign: ask }),
      );
      assert.deepEqual(asked, [32]);
      assert.deepEqual(await collect(signed.body), await collect((await signProgram(uki, signer("one"))).body));
    });
  }

  test("is refused for a program that is already signed", async () => {
    const once = await signProgram(uki, signer("one"));
    const twice = await signProgram(once, signer("two"));
    await assert.rejects(collect(twice.body), { code: "UNSUPPORTED" });
  });

  for (const row of [
    { name: "a key that is text", key: "text", certificate: "one.pem", message: /^secureBoot\.key: wanted an RSA key as PEM/ },
    {
      name: "a certificate for another key",
      key: "one.key",
      certificate: "two.pem",
      message: /^secureBoot\.certificate: it is for another key/,
    },
    { name: "a key that is not RSA", key: "curve.key", certificate: "one.pem", message: /^secureBoot\.key: it is ec, firmware takes rsa/ },
    {
      name: "a certificate whose key is not RSA",
      key: "one.key",
      certificate: "curve.pem",
      message: /^secureBoot\.certificate: its key is ec/,
    },
    {
      name: "a malformed certificate",
      key: "one.key",
      certificate: "text",
      message: /^secureBoot\.certificate: wanted an X\.509 certificate/,
    },
  ]) {
    test(`is refused with ${row.name}`, () =>
      assert.throws(() => signerOf({ key: pem[row.key] ?? "text", certificate: pem[row.certificate] ?? "text" }), {
        code: "INVALID_DEFINITION",
        message: row.message,
      }));
  }

  for (const row of [
    { name: "the digest itself", sign: (digest: Uint8Array) => digest },
    { name: "a signature by another key", sign: (digest: Uint8Array) => signer("two").sign(digest) },
    {
      name: "a signature of another padding",
      sign: (digest: Uint8Array) => sign("sha256", digest, { key: present(pem["one.key"]), padding: constants.RSA_PKCS1_PSS_PADDING }),
    },
    { name: "a signature of the digest's digest", sign: (digest: Uint8Array) => sign("sha256", digest, present(pem["one.key"])) },
  ]) {
    test(`is refused if a function returns ${row.name}`, () =>
      assert.rejects(signProgram(uki, signerOf({ certificate: present(pem["one.pem"]), sign: row.sign })), {
        code: "INVALID_DEFINITION",
        message: /^secureBoot\.sign: it did not return a signature/,
      }));
  }
});
