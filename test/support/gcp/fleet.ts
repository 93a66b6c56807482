import assert from "node:assert/strict";
import { gcpGate } from "../../../providers/gcp/plugin/gate.ts";
import { gcpUpload } from "../../../providers/gcp/plugin/upload.ts";
import { rolloutGate } from "../../../providers/plugin/rollout-gate.ts";
import type { FleetCloud, FleetOutputs } from "../fleet/cloud.ts";
import { GoogleServer } from "./google-server.ts";
import { INITIAL_DELAY_POLLS } from "./group-rollout.ts";
import { pulumiGcp } from "./pulumi-gcp.ts";
import { objectsOf } from "./pulumi-storage.ts";
import { StorageServer } from "./storage-server.ts";

/** The Google Cloud stand-ins, for the scenarios of `examples/gcp-fleet`. */
export async function gcpFleet(): Promise<FleetCloud> {
  const server = await StorageServer.start();
  const google = await GoogleServer.start({ readObject: objectsOf(server.url) });
  const { storage } = server;
  storage.projects.set(google.project, google.projectNumber);
  const token = google.accounts.mint(google.email);
  const { rollout, compute } = google;
  const images = () => [...compute.resources.keys()].filter((path) => path.split("/").at(-2) === "images");
  const runs = () => [...rollout.groups.values()].flatMap((machines) => machines.map(({ template }) => template.split("/").at(-1)));
  const makeOthersUnhealthy = ({ version }: FleetOutputs): void => {
    rollout.isUnhealthy = (template) => template !== version;
  };
  return {
    example: "gcp-fleet",
    config: { "gcp:project": google.project, "gcp:region": "europe-west3", "gcp:accessToken": `secret:${token}` },
    env: { STORAGE_EMULATOR_HOST: server.url, GOOGLE_COMPUTE_CUSTOM_ENDPOINT: `${google.url}/compute/v1/` },
    provider: pulumiGcp(google, server.url),
    types: (cacheDir) => ({
      "linuxkit:index:GcpUpload": gcpUpload(cacheDir),
      "linuxkit:index:RolloutGate": rolloutGate({ gcp: async () => gcpGate(undefined, 0.05) }),
    }),
    server,
    pieceAction: "put",
    piecesSent: () => server.requests.filter(({ action, status }) => action === "put" && (status === 308 || status === 200)).length,
    partialPieces: 1,
    startedUploads: () => [...storage.sessions.keys()],
    completedUploads: () => [...storage.objects.keys()],
    unfinishedUploads: () => storage.open.map(({ name }) => name),
    images,
    removeImage(id) {
      for (const path of images()) if (id.endsWith(path)) compute.resources.delete(path);
    },
    versions: runs,
    strayOne() {
      const [machine] = [...rollout.groups.values()].flat();
      assert.ok(machine);
      Object.assign(machine, { template: machine.template.replace(/[^/]+$/, "by-hand") });
    },
    makeOthersUnhealthy,
    unhealthyReason: /web-\w+ failed its health check and was recreated; rolled back: every machine runs the old image/,
    holdRollout(running) {
      makeOthersUnhealthy(running);
      rollout.initialDelayPolls = Number.POSITIVE_INFINITY;
    },
    clearFaults() {
      rollout.isUnhealthy = () => false;
      rollout.initialDelayPolls = INITIAL_DELAY_POLLS;
    },
    remaining: () => [...storage.buckets.keys(), ...storage.objects.keys(), ...compute.resources.keys(), ...rollout.groups.keys()],
    async checkFirst(_, __, stack) {
      assert.match([...storage.objects.values()][0]?.name ?? "", /^[0-9a-f]{64}\.tar\.gz$/);
      const image = compute.get(images()[0] as string);
      assert.deepEqual(
        [image.status, image.guestOsFeatures.map(({ type }: { type: string }) => type)],
        ["READY", ["UEFI_COMPATIBLE", "GVNIC", "VIRTIO_SCSI_MULTIQUEUE"]],
      );
      assert.match(image.labels["linuxkit-build"], /^[0-9a-f]{63}$/);
      // the token of the stack's configuration stays secret in the state of the plugin's resources
      assert.ok(!(await stack.stateText()).includes(token));
    },
    checkChanged() {
      assert.equal([...compute.resources.keys()].filter((path) => path.split("/").at(-2) === "instanceTemplates").length, 1);
    },
    async [Symbol.asyncDispose]() {
      await google[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
