import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Bytes, collect, measure, verify } from "../../sdk/core/bytes.ts";
import { type Digest, digestOf } from "../../sdk/core/digest.ts";

const chunks = (...texts: string[]): Bytes => texts.map((text) => Buffer.from(text));
const hello = digestOf("hello");

describe("verify", () => {
  for (const row of [
    { name: "one chunk", body: chunks("hello"), want: { digest: hello, size: 5 } },
    { name: "many chunks, empty ones among them", body: chunks("he", "", "llo", ""), want: { digest: hello, size: 5 } },
    { name: "a body whose size alone is known", body: chunks("hello"), want: { size: 5 } },
    { name: "a body whose digest alone is known", body: chunks("hello"), want: { digest: hello } },
  ]) {
    test(`passes ${row.name}`, async () => assert.equal((await collect(verify(row.body, row.want, "x"))).toString(), "hello"));
  }
  for (const row of [
    { name: "an altered body", body: chunks("he", "llO"), want: { digest: hello, size: 5 }, code: "DIGEST_MISMATCH" },
    { name: "a cut body", body: chunks("he", "ll"), want: { digest: hello, size: 5 }, code: "SIZE_MISMATCH" },
    { name: "a longer body", body: chunks("he", "llo", "!"), want: { digest: hello, size: 5 }, code: "SIZE_MISMATCH" },
    { name: "an empty body", body: chunks(), want: { digest: hello }, code: "DIGEST_MISMATCH" },
  ]) {
    test(`refuses ${row.name} and holds back its last chunk`, async () => {
      const released: string[] = [];
      const reading = (async () => {
        for await (const chunk of verify(row.body, row.want, "x")) released.push(Buffer.from(chunk).toString());
      })();
      await assert.rejects(reading, { code: row.code });
      assert.notEqual(released.join(""), (await collect(row.body)).toString() || "-");
    });
  }
});

test("measure has size and digest once the stream has ended", async () => {
  const seen = { size: -1, digest: "sha256:" as Digest };
  await collect(measure(chunks("hel", "lo"), seen));
  assert.deepEqual(seen, { size: 5, digest: hello });
});

test("collect refuses more bytes than its limit, and names the limit", async () => {
  await assert.rejects(collect(chunks("12345", "6"), 5, "manifest"), { code: "TOO_LARGE", message: /manifest: more than 5 bytes/ });
});
