import assert from "node:assert/strict";
import { test } from "node:test";
import type { AwsFault } from "../support/aws/aws-server.ts";
import { EbsFixture } from "../support/aws/ebs-fixture.ts";
import { Random, seed } from "../support/random.ts";

const SIZE_GIB = 2;
const BLOCKS = SIZE_GIB * 2048;

/** Each fault and its share of all requests. */
const FAULTS: readonly { readonly share: number; readonly fault: AwsFault }[] = [
  { share: 0.05, fault: { status: 400, code: "RequestThrottledException" } },
  { share: 0.01, fault: { status: 500, code: "InternalServerException" } },
  { share: 0.0025, fault: { cut: true } },
  { share: 0.0025, fault: { cut: true, done: true } },
  { share: 0.001, fault: { delayMs: 2000 } },
];

function faultAt(random: number): AwsFault | undefined {
  let upTo = 0;
  return FAULTS.find(({ share }) => random < (upTo += share))?.fault;
}

test("2 GiB arrive complete despite 5 % throttling, 1 % server errors, 0.5 % cut connections and slow answers", {
  timeout: 600_000,
}, async (t) => {
  const from = seed();
  t.diagnostic(`TEST_SEED=${from}`);
  const random = new Random(from);
  await using ebs = await EbsFixture.start();
  const image = await ebs.noisy("noise", SIZE_GIB);
  let faults = 0;
  ebs.server.fault = () => {
    const fault = faultAt(random.next());
    if (fault) faults++;
    return fault;
  };
  const { id, blocksSent } = await ebs.upload(image, { signal: AbortSignal.timeout(500_000) });
  ebs.server.fault = undefined;
  assert.equal(blocksSent, BLOCKS);
  assert.ok(faults > BLOCKS * 0.04, `${faults} faults`);
  // each fault costs one more request; so does each poll of the snapshot
  assert.ok(ebs.server.requests.length <= BLOCKS + faults + 20, `${ebs.server.requests.length} requests, ${faults} faults`);
  await ebs.assertHolds(id, image);
});
