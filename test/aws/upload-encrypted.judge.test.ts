import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { AwsServer } from "../support/aws/aws-server.ts";
import { EbsFixture } from "../support/aws/ebs-fixture.ts";

// each test sends a whole GiB
describe("an encrypted upload to EBS", { timeout: 300_000 }, () => {
  let ebs: EbsFixture;
  let server: AwsServer;
  before(async () => {
    ebs = await EbsFixture.start();
    ({ server } = ebs);
  });
  beforeEach(() => ebs.reset());
  after(() => ebs[Symbol.asyncDispose]());

  test("sends every block, zeroes too, except those that an encrypted parent has", async () => {
    const one = await ebs.image("one", { 5: "a" });
    const { id, encrypted } = await ebs.upload(one, { encrypted: true, kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/1" });
    assert.deepEqual([encrypted, server.blocksPut], [true, 2048]);
    await ebs.assertHolds(id, one);
    const inherits = await ebs.upload(one, { parent: { id, encrypted: true, blocks: one.blocks } });
    assert.deepEqual([inherits.blocksSent, inherits.encrypted], [0, true]);
  });

  test("sends every block if the account began to encrypt after the parent", async () => {
    const one = await ebs.image("one", { 5: "a" });
    const { id } = await ebs.upload(one);
    server.ebs.encryptsByDefault = true;
    const next = await ebs.upload(one, { parent: { id, encrypted: false, blocks: one.blocks } });
    assert.deepEqual([next.blocksSent, next.encrypted], [2048, true]);
    assert.ok(
      ebs.lines.some(({ message }) => message.startsWith(`${id} cannot be the parent: aws StartSnapshot: an unencrypted parent`)),
      JSON.stringify(ebs.lines),
    );
    assert.deepEqual(
      [...server.ebs.snapshots.values()].map(({ status }) => status),
      ["completed", "completed"],
    );
  });
});
