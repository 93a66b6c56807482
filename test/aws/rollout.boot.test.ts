import assert from "node:assert/strict";
import { access, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import type { FleetOutputs } from "../../providers/qemu/plugin/gate.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { type Image, Service } from "../../sdk/index.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { decodeBlockList } from "../../sdk/upload/block-list.ts";
import { FleetRun } from "../qemu/fleet-run.ts";
import { EbsFixture, type TestImage } from "../support/aws/ebs-fixture.ts";
import { receivedDisk } from "../support/aws/received-disk.ts";
import { buildDisks, diskOs } from "../support/disk-os.ts";
import { pageAt } from "../support/watch-urls.ts";

/** The OS with that page, and a health check on a port where the service does not listen. */
function unhealthyOs(page: string): Image {
  const os = diskOs(page);
  const { health: _, ...args } = (os.spec.services.web ?? assert.fail()) as ConstructorParameters<typeof Service>[1];
  return os.replace(new Service("web", { ...args, health: { tcp: { port: 81 }, interval: 1, timeout: 1, retries: 2 } }));
}

describe("a fleet that boots the image EBS received", { timeout: 900_000 }, () => {
  let ebs: EbsFixture;
  let stateDir: string;
  let run: FleetRun;
  const lines: string[] = [];
  let last: { readonly id: string; readonly image: TestImage } | undefined;
  let id = "";
  let given: Properties;
  let outputs: FleetOutputs;

  /** Builds an image, uploads its changes since the last one, and returns the inputs of a fleet that boots it. */
  const received = async (name: string, os: Image): Promise<{ readonly given: Properties; readonly sent: number }> => {
    const built = await buildDisks(os, { format: "aws" });
    const file = built.files.find(({ role }) => role === "image") ?? assert.fail();
    const image = { file: file.path, size: file.size, blocks: decodeBlockList(file.blocks ?? assert.fail()) };
    const upload = await ebs.upload(image, {
      ...(last && { parent: { id: last.id, encrypted: false, blocks: last.image.blocks } }),
    });
    last = { id: upload.id, image };
    const disk = await receivedDisk(ebs.server, upload.id, join(ebs.folder, `${name}-disk`));
    return {
      given: { kind: "qemu", fleet: "web", count: 2, publish: ["0:80"], healthTimeout: 240, disk, digest: built.digest },
      sent: upload.blocksSent,
    };
  };

  before(async () => {
    ebs = await EbsFixture.start();
    stateDir = join(ebs.folder, "state");
    run = new FleetRun(stateDir, ({ message, lasting }) => lasting && lines.push(message));
  });
  after(async () => {
    for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
    await ebs[Symbol.asyncDispose]();
  });

  test("both machines are healthy on the first image", async () => {
    ({ given } = await received("one", diskOs("one")));
    ({ id, outputs } = await run.create(given));
    assert.deepEqual(await Promise.all(outputs.urls.map(pageAt)), ["one", "one"]);
    // each machine keeps its own copy
    await rm(given.disk as string);
  });

  test("a changed page sends few blocks and replaces the machines one by one", async () => {
    const next = await received("two", diskOs("two"));
    assert.ok(next.sent > 0 && next.sent <= 6, `${next.sent} blocks`);
    lines.length = 0;
    outputs = await run.update(id, next.given, given, outputs);
    given = next.given;
    assert.deepEqual(await Promise.all(outputs.urls.map(pageAt)), ["two", "two"]);
    assert.deepEqual(
      lines.filter((line) => /of 2 machines run the new image/.test(line)).map((line) => line[0]),
      ["1", "2"],
    );
  });

  test("a failed health check rolls back, and the update fails with the reason", async () => {
    const next = await received("unhealthy", unhealthyOs("three"));
    await assert.rejects(run.update(id, { ...next.given, healthTimeout: 60 }, given, outputs), {
      code: "ROLLOUT_FAILED",
      message:
        /^the rollout of "web" failed with 0 of 2 machines on the new image: machine "web-\d" was not healthy within 60 s: waiting for service web unhealthy: it passed no check .*; rolled back: every machine runs the old image\nservice web is \w+: /,
    });
    const back = await run.read(id, given, outputs);
    assert.equal(back.running, 2);
    assert.deepEqual(await Promise.all(back.urls.map(pageAt)), ["two", "two"]);
    // one machine was replaced and restored, the other kept running
    assert.equal(back.machines.filter(({ bootId }) => outputs.machines.some((before) => before.bootId === bootId)).length, 1);
    outputs = back;
  });

  test("deleting the fleet leaves nothing", async () => {
    await run.delete(id, given, outputs);
    await assert.rejects(access(stateDir), { code: "ENOENT" });
  });
});
