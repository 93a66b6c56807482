import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { present } from "../../sdk/core/present.ts";
import { authenticodeDigest } from "../../sdk/disk/authenticode.ts";
import { pemSigner, signProgram } from "../../sdk/disk/secure-boot.ts";
import { unifiedKernelImage } from "../../sdk/disk/uki.ts";
import { noise } from "../support/disks.ts";
import { efiProgram } from "../support/efi-program.ts";
import { judge, scratch } from "../support/judge.ts";

const sized = (bytes: Uint8Array) => ({ size: bytes.length, body: [bytes] });
const uki = unifiedKernelImage({ stub: efiProgram(), kernel: sized(efiProgram({ code: noise(9000) })), initrd: sized(noise(30_003)), cmdline: "quiet" });

describe("a Secure Boot signature", () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  const pem: Record<string, string> = {};
  before(async () => {
    folder = await scratch();
    for (const [name, ...options] of [["one", "rsa:2048"], ["two", "rsa:3072", "-set_serial", "0x00ffee"], ["curve", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]] as const) {
      const [key, certificate] = [join(folder.path, `${name}.key`), join(folder.path, `${name}.pem`)];
      judge("openssl", "req", "-x509", "-newkey", ...options, "-nodes", "-subj", `/CN=${name}/O=test`, "-keyout", key, "-out", certificate);
      pem[`${name}.key`] = await readFile(key, "utf8");
      pem[`${name}.pem`] = await readFile(certificate, "utf8");
    }
  });
  after(() => folder[Symbol.asyncDispose]());
  const signer = (name: string) => pemSigner({ key: present(pem[`${name}.key`]), certificate: present(pem[`${name}.pem`]) });

  for (const name of ["one", "two"]) {
    test(`by key ${name} is accepted by sbverify, and by no other certificate`, async () => {
      const signed = await signProgram(uki, signer(name));
      const file = await folder.file(`${name}.efi`, signed.body);
      assert.equal((await readFile(file)).length, signed.size);
      assert.match(judge("sbverify", "--cert", join(folder.path, `${name}.pem`), file), /Signature verification OK/);
      assert.throws(() => judge("sbverify", "--cert", join(folder.path, `${name === "one" ? "two" : "one"}.pem`), file), /verification failed/i);
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

  test("is the same each time", async () => assert.deepEqual(await collect((await signProgram(uki, signer("one"))).body), await collect((await signProgram(uki, signer("one"))).body)));

  test("is asked of a function by digest alone", async () => {
    const asked: number[] = [];
    const { certificate, sign } = signer("one");
    await signProgram(uki, {
      certificate,
      sign: async (digest) => {
        asked.push(digest.length);
        return sign(digest);
      },
    });
    assert.deepEqual(asked, [32]);
  });

  test("is not put on top of another", async () => {
    const once = await signProgram(uki, signer("one"));
    const twice = await signProgram(once, signer("two"));
    await assert.rejects(collect(twice.body), { code: "UNSUPPORTED" });
  });

  for (const row of [
    { name: "a key that is text", key: () => "key", certificate: () => present(pem["one.pem"]) },
    { name: "a certificate for another key", key: () => present(pem["one.key"]), certificate: () => present(pem["two.pem"]) },
    { name: "a key that is not RSA", key: () => present(pem["curve.key"]), certificate: () => present(pem["curve.pem"]) },
  ]) {
    test(`is refused with ${row.name}`, () => assert.throws(() => pemSigner({ key: row.key(), certificate: row.certificate() }), { code: "INVALID_DEFINITION" }));
  }

  test("is refused with a certificate that is none", () => assert.rejects(signProgram(uki, { certificate: Buffer.from("none"), sign: (digest) => digest }), { code: "INVALID_DEFINITION" }));
});
