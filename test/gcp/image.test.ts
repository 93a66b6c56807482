import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { gcpImage } from "../../providers/gcp/plugin/image.ts";
import type { ImageInputs } from "../../providers/gcp/plugin/image-inputs.ts";
import { ComputeClient } from "../support/gcp/compute-client.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import { ImageArchives } from "../support/gcp/image-archives.ts";

const URN = "urn:pulumi:stack::project::linuxkit:index:GcpImage::web-image";
const nic = [{ network: "global/networks/default" }];

describe("an image of Compute Engine with an architecture", { timeout: 60_000 }, () => {
  const { create, read, update, delete: remove } = gcpImage() as Required<ReturnType<typeof gcpImage>>;
  let archives: ImageArchives;
  let server: GoogleServer;
  let google: ComputeClient;
  const work = () => ({ urn: URN, name: "web-image", signal: AbortSignal.timeout(20_000), timeoutSeconds: 20, progress() {}, config: {} });
  const inputs = (more: Partial<ImageInputs> = {}): ImageInputs => ({
    project: server.project,
    architecture: "ARM64",
    rawDisk: { source: "https://storage.googleapis.com/images/good.tar.gz", containerType: "TAR" },
    guestOsFeatures: [{ type: "UEFI_COMPATIBLE" }, { type: "GVNIC" }],
    labels: { team: "web" },
    accessToken: server.accounts.mint(server.email),
    ...more,
  });
  const images = () => server.compute.list(`projects/${server.project}/global`, "images").map(({ name }) => name);
  /** The refusal of a machine of arm64 that starts from an image. */
  const machine = (name: string, sourceImage: string, architecture?: string) =>
    google.refusal("POST", "zones/europe-west3-a/instances", {
      name,
      machineType: "zones/europe-west3-a/machineTypes/c4a-standard-1",
      disks: [
        {
          boot: true,
          autoDelete: true,
          initializeParams: { sourceImage, diskType: "zones/europe-west3-a/diskTypes/hyperdisk-balanced", diskSizeGb: "10", architecture },
        },
      ],
      networkInterfaces: nic,
    });

  before(async () => {
    archives = await ImageArchives.make({ "good.tar.gz": {}, "name.tar.gz": { member: "disk.img" } });
    server = await GoogleServer.start({ readObject: archives.readObject });
    google = new ComputeClient(server);
    process.env.GOOGLE_COMPUTE_CUSTOM_ENDPOINT = `${server.url}/compute/v1/`;
  });
  beforeEach(() => {
    server.fault = undefined;
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await archives[Symbol.asyncDispose]();
  });

  test("starts machines of arm64; an image without one does not", async () => {
    const { id, outputs } = await create({ ...work(), inputs: inputs() });
    assert.match(id, /^projects\/web-prod-1\/global\/images\/web-image-[0-9a-f]{7}$/);
    assert.deepEqual([server.compute.get(id).architecture, outputs.diskSizeGb], ["ARM64", 1]);
    assert.equal(outputs.selfLink, server.compute.get(id).selfLink);
    assert.equal(await machine("arm", id), undefined);
    // what the provider's own class makes
    await google.must("POST", "global/images", { name: "plain", rawDisk: inputs().rawDisk, guestOsFeatures: inputs().guestOsFeatures });
    assert.match((await machine("none", "global/images/plain")) ?? "", /instruction set architecture \(ARM64\)/);
  });

  test("changes its labels in place, is found, and is gone after a deletion, also a second one", async () => {
    const made = await create({ ...work(), inputs: inputs() });
    const { id } = made;
    const changed = inputs({ labels: { team: "data" } });
    const { outputs } = await update({ ...work(), id, inputs: changed, oldInputs: inputs(), oldOutputs: made.outputs });
    assert.deepEqual([server.compute.get(id).labels, outputs.name], [{ team: "data" }, made.outputs.name]);
    assert.equal((await read({ ...work(), id, inputs: changed, outputs }))?.id, id);
    await remove({ ...work(), id, inputs: changed, outputs });
    await remove({ ...work(), id, inputs: changed, outputs });
    assert.equal(await read({ ...work(), id, inputs: changed, outputs }), undefined);
  });

  test("is made once where the answer is lost, and not left behind where the import fails or ends early", async () => {
    const before = images();
    const once = new Set<string>();
    server.fault = (what) => {
      if (!what.startsWith("POST") || once.has(what)) return undefined;
      once.add(what);
      return { cut: true, done: true };
    };
    const { outputs } = await create({ ...work(), inputs: inputs() });
    assert.deepEqual(images(), [...before, outputs.name]);
    const broken = { source: "https://storage.googleapis.com/images/name.tar.gz", containerType: "TAR" as const };
    await assert.rejects(create({ ...work(), inputs: inputs({ rawDisk: broken }) }), /disk\.img, not disk\.raw/);
    const stop = new AbortController();
    server.fault = (what) => {
      if (what.startsWith("GET") && what.includes("/operations/")) stop.abort(new Error("Ctrl-C"));
      return undefined;
    };
    await assert.rejects(create({ ...work(), signal: stop.signal, inputs: inputs() }), { code: "CANCELLED" });
    server.fault = undefined;
    assert.deepEqual(images(), [...before, outputs.name]);
  });
});
