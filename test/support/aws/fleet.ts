import assert from "node:assert/strict";
import { awsGate } from "../../../providers/aws/plugin/gate.ts";
import { awsSnapshot } from "../../../providers/aws/plugin/snapshot.ts";
import { rolloutGate } from "../../../providers/plugin/rollout-gate.ts";
import type { FleetCloud } from "../fleet/cloud.ts";
import { AutoScaling } from "./auto-scaling.ts";
import { AwsServer } from "./aws-server.ts";
import { pulumiAws } from "./pulumi-aws.ts";

/** The AWS stand-ins, for the scenarios of `examples/aws-fleet`. */
export async function awsFleet(): Promise<FleetCloud> {
  const scaling = new AutoScaling();
  const server = await AwsServer.start({ actions: (action, form) => scaling.action(action, form) });
  const aws = pulumiAws(server, scaling);
  const snapshots = (...states: string[]) =>
    [...server.ebs.snapshots.values()].flatMap(({ id, status }) => (states.includes(status) ? [id] : []));
  const groups = () => [...scaling.groups.values()];
  return {
    example: "aws-fleet",
    config: { "aws:region": "eu-central-1", "subnetIds[0]": "subnet-0", "subnetIds[1]": "subnet-1" },
    env: server.environment,
    provider: aws.provider,
    types: (cacheDir) => ({
      "linuxkit:index:AwsSnapshot": awsSnapshot(cacheDir),
      "linuxkit:index:RolloutGate": rolloutGate({ aws: async () => awsGate(undefined, 0.05) }),
    }),
    server,
    pieceAction: "PutSnapshotBlock",
    piecesSent: () => server.blocksPut,
    partialPieces: 15,
    startedUploads: () => [...server.ebs.snapshots.keys()],
    completedUploads: () => snapshots("completed"),
    unfinishedUploads: () => snapshots("pending", "error"),
    images: () => [...aws.images.keys()],
    removeImage(id) {
      aws.images.delete(id);
      server.ebs.inUse.clear();
    },
    versions: () => groups().flatMap(({ instances }) => instances.map(({ version }) => version)),
    strayOne() {
      Object.assign(groups()[0]?.instances[0] ?? assert.fail(), { version: "999" });
    },
    makeOthersUnhealthy({ version }) {
      scaling.isUnhealthy = (other) => other !== version;
    },
    unhealthyReason: /instances failed their health check/,
    holdRollout() {
      scaling.held = true;
    },
    clearFaults() {
      scaling.isUnhealthy = () => false;
      scaling.held = false;
    },
    remaining: () => [...server.ebs.snapshots.keys(), ...aws.images.keys(), ...aws.templates.keys(), ...scaling.groups.keys()],
    async checkFirst({ imageId }) {
      const { args } = aws.images.get(imageId) ?? {};
      assert.deepEqual(
        [args?.bootMode, args?.imdsSupport, args?.tpmSupport, args?.enaSupport, args?.architecture],
        ["uefi-preferred", "v2.0", undefined, true, "x86_64"],
      );
      assert.ok(groups().every(({ instances }) => instances.every(({ healthy }) => healthy)));
    },
    checkChanged(up) {
      // the segment with the page, the partition tables, the loader's copy of its name
      assert.ok(server.blocksPut > 0 && server.blocksPut <= 6, `${server.blocksPut} blocks`);
      assert.ok(
        up.lines("kept").some((line) => /snap-\w+ has the rest/.test(line)),
        up.text,
      );
    },
    checkResumed() {
      const [snapshot] = server.ebs.snapshots.values();
      assert.ok(server.blocksPut < (snapshot?.blocks.size ?? 0), `${server.blocksPut} blocks of ${snapshot?.blocks.size}`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
