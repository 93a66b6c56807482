import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { GetSnapshotBlockCommand, paginateListSnapshotBlocks } from "@aws-sdk/client-ebs";
import { type AwsClients, awsClients, whoAmI } from "../../providers/aws/plugin/access/clients.ts";
import { awsSnapshotService } from "../../providers/aws/plugin/ebs/aws-snapshot-service.ts";
import type { SnapshotService } from "../../providers/aws/plugin/ebs/snapshot-service.ts";
import { uploadSnapshot } from "../../providers/aws/plugin/ebs/upload-snapshot.ts";
import { ecrAuth } from "../../providers/aws/registry/ecr-auth.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { BLOCK_BYTES } from "../../sdk/upload/block-map.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import { noise } from "../support/disks.ts";
import { EbsFixture } from "../support/aws/ebs-fixture.ts";
import { moto } from "../support/aws/moto.ts";

const UNKNOWN = "snap-0123456789abcdef0";
const now = () => AbortSignal.timeout(60_000);

/** The answers of a server to the steps of an upload, without the names it generates. */
async function answers(clients: AwsClients): Promise<unknown> {
  const service = awsSnapshotService(clients);
  const seen: unknown[] = [await whoAmI(clients, now())];
  const { id, encrypted } = await service.start(
    { sizeGiB: 2, description: "d", tags: { Name: "n", k: "v" }, token: randomUUID(), timeoutMinutes: 60 },
    now(),
  );
  const look = async (which = id, more = {}) => {
    const state = await service.describe(which, now());
    seen.push(state && { ...state, id: state.id === id, reason: state.reason || undefined, ...more });
  };
  seen.push(encrypted);
  // in moto every snapshot is complete at once
  await look(id, { status: undefined });
  const bytes = noise(BLOCK_BYTES, "a");
  await service.put(id, 3, bytes, digestOf(bytes), now());
  const whole = Buffer.from(digestOf(Buffer.from(digestOf(bytes).slice(7), "hex")).slice(7), "hex").toString("base64");
  await service.complete(id, 1, whole, now());
  await look();
  await service.tag(id, { a: "b" }, ["k"], now());
  await look();
  await look(UNKNOWN);
  await service.remove(id, now());
  await look();
  // already deleted
  await service.remove(id, now());
  await service.remove(UNKNOWN, now());
  return seen;
}

describe("AWS as moto plays it", { timeout: 300_000 }, () => {
  let ebs: EbsFixture;
  let judge: Awaited<ReturnType<typeof moto>>;
  let clients: AwsClients;
  let standIn: unknown;
  before(async () => {
    ebs = await EbsFixture.start();
    judge = await moto();
    // a client reads the variable at its first request
    standIn = await answers(ebs.clients);
    process.env.AWS_ENDPOINT_URL = judge.url;
    clients = awsClients({});
  });
  after(async () => {
    for (const client of Object.values(clients ?? {})) client.destroy();
    await judge?.[Symbol.asyncDispose]();
    await ebs?.[Symbol.asyncDispose]();
  });

  test("answers an upload's requests as the stand-in does", async () => {
    assert.deepEqual(standIn, await answers(clients));
    const asked = ebs.server.requests.map(({ action }) => action);
    assert.deepEqual(
      ["StartSnapshot", "DeleteSnapshot"].map((action) => asked.filter((each) => each === action).length),
      [1, 3],
    );
  });

  test("stores every byte of an upload", async () => {
    const image = await ebs.image("one", { 0: "a", 3: "b", 700: "c", 2047: "d" });
    const service: SnapshotService = {
      ...awsSnapshotService(clients),
      // moto answers 512, which is not a block size of EBS
      start: async (request, signal) => ({ ...(await awsSnapshotService(clients).start(request, signal)), blockBytes: BLOCK_BYTES }),
    };
    const { id, blocksSent } = await uploadSnapshot(service, {
      ...image,
      description: "d",
      tags: { Name: "n" },
      journal: await openJournal(ebs.journal),
      pollMs: 10,
      signal: now(),
      onProgress: () => {},
    });
    assert.equal(blocksSent, 4);
    await using file = await open(image.file);
    const found: number[] = [];
    for await (const { Blocks = [] } of paginateListSnapshotBlocks({ client: clients.ebs }, { SnapshotId: id })) {
      for (const { BlockIndex = -1, BlockToken } of Blocks) {
        found.push(BlockIndex);
        const { BlockData } = await clients.ebs.send(new GetSnapshotBlockCommand({ SnapshotId: id, BlockIndex, BlockToken }));
        const wanted = Buffer.alloc(BLOCK_BYTES);
        await file.read(wanted, 0, BLOCK_BYTES, BlockIndex * BLOCK_BYTES);
        assert.ok(
          wanted.equals(await (BlockData as { transformToByteArray(): Promise<Uint8Array> }).transformToByteArray()),
          `block ${BlockIndex}`,
        );
      }
    }
    assert.deepEqual(
      found.sort((a, b) => a - b),
      [0, 3, 700, 2047],
    );
  });

  test("gives a login to its own registry only", async () => {
    const auth = ecrAuth();
    const [login, none] = await Promise.all(
      ["123456789012.dkr.ecr.eu-central-1.amazonaws.com", "registry.example.com"].map((registry) =>
        auth({ registry, repository: "web" } as never),
      ),
    );
    assert.deepEqual(login, { username: "AWS", password: "123456789012-auth-token" });
    assert.equal(none, undefined);
  });
});
