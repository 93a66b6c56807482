import assert from "node:assert/strict";
import { test } from "node:test";
import { Md5Thread } from "../../providers/azure/plugin/pages/md5-thread.ts";

// RFC 1321, A.5
const ROWS = [
  { text: "", md5: "d41d8cd98f00b204e9800998ecf8427e" },
  { text: "abc", md5: "900150983cd24fb0d6963f7d28e17f72" },
  { text: "message digest", md5: "f96b697d7cb7938d525a2f31aaf161d0" },
];

test("the MD5 thread returns each caller its own digest, also for shared memory", async () => {
  await using thread = new Md5Thread();
  const shared = (text: string): Uint8Array => {
    const bytes = Buffer.from(new SharedArrayBuffer(text.length));
    bytes.write(text);
    return bytes;
  };
  const asked = [...ROWS, ...ROWS.toReversed()].map(async ({ text, md5 }, at) => [
    await thread.digest(at % 2 ? shared(text) : Buffer.from(text)),
    Buffer.from(md5, "hex").toString("base64"),
  ]);
  for (const [got, want] of await Promise.all(asked)) assert.equal(got, want);
});

test("a crashed MD5 thread rejects pending and later calls", async () => {
  await using thread = new Md5Thread();
  const [one, other] = await Promise.allSettled([thread.digest(5 as never), thread.digest(Buffer.from("abc"))]);
  assert.deepEqual([one.status, other.status], ["rejected", "rejected"]);
  await assert.rejects(thread.digest(Buffer.from("abc")));
});
