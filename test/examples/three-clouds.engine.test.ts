import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { awsGate } from "../../providers/aws/aws-gate.ts";
import { awsSnapshot } from "../../providers/aws/aws-snapshot.ts";
import { azureGate } from "../../providers/azure/azure-gate.ts";
import { azureUpload } from "../../providers/azure/azure-upload.ts";
import { gcpGate } from "../../providers/gcp/gcp-gate.ts";
import { gcpUpload } from "../../providers/gcp/gcp-upload.ts";
import { rolloutGate } from "../../providers/rollout-gate.ts";
import type { Provider } from "../../sdk/plugin/provider.ts";
import { imageBuild } from "../../sdk/resource/image-build-type.ts";
import { AutoScaling } from "../support/aws/auto-scaling.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { pulumiAws } from "../support/aws/pulumi-aws.ts";
import { AzureWorkshop } from "../support/azure/azure-workshop.ts";
import { type Certificate, makeCertificate, trust } from "../support/azure/certificate.ts";
import { pulumiAzure } from "../support/azure/pulumi-azure.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import { pulumiGcp } from "../support/gcp/pulumi-gcp.ts";
import { objectsOf } from "../support/gcp/pulumi-storage.ts";
import { StorageServer } from "../support/gcp/storage-server.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/three-clouds", import.meta.url));

const provider: Provider = {
  name: "linuxkit",
  version: "0.1.0",
  config: { debianMirror: "" },
  types: {
    "linuxkit:index:ImageBuild": async () => imageBuild,
    "linuxkit:index:AwsSnapshot": async () => awsSnapshot(),
    "linuxkit:index:GcpUpload": async () => gcpUpload(),
    "linuxkit:index:AzureUpload": async () => azureUpload(),
    "linuxkit:index:RolloutGate": async () => rolloutGate({ aws: async () => awsGate(undefined, 0.05), gcp: async () => gcpGate(undefined, 0.05), azure: async () => azureGate(0.05) }),
  },
};

describe("one operating system on three clouds", { timeout: 900_000 }, () => {
  const disposed = new AsyncDisposableStack();
  let aws: AwsServer;
  let scaling: AutoScaling;
  let google: GoogleServer;
  let azure: AzureWorkshop;
  let stack: Stack;
  /** What each machine runs, by cloud, as its cloud names the image or what it is made by. */
  const runs = () => ({
    aws: [...scaling.groups.values()].flatMap(({ instances }) => instances.map(({ version }) => version)),
    gcp: [...google.rollout.groups.values()].flatMap((machines) => machines.map(({ template }) => template)),
    azure: azure.server.arm.of("Microsoft.Compute/virtualMachineScaleSets").flatMap((set) => azure.server.scaleSets.of(set).instances.map(({ image }) => image)),
  });

  before(async () => {
    scaling = new AutoScaling();
    aws = disposed.use(await AwsServer.start({ actions: (action, form) => scaling.action(action, form) }));
    const storage = disposed.use(await StorageServer.start());
    google = disposed.use(await GoogleServer.start({ readObject: objectsOf(storage.url) }));
    storage.storage.projects.set(google.project, google.projectNumber);
    const certificate: Certificate = disposed.use(await makeCertificate());
    trust(certificate);
    azure = disposed.use(await AzureWorkshop.start({ certificate }));
    Object.assign(process.env, aws.environment, { STORAGE_EMULATOR_HOST: storage.url, GOOGLE_COMPUTE_CUSTOM_ENDPOINT: `${google.url}/compute/v1/` }, azure.server.environment);
    const config = { "aws:region": "eu-central-1", "gcp:project": google.project, "gcp:region": "europe-west3", "gcp:accessToken": `secret:${google.accounts.mint(google.email)}`, "azure-native:location": "westeurope" };
    stack = disposed.use(await makeStack({ folder: EXAMPLE, provider, others: [pulumiAws(aws, scaling).provider, pulumiGcp(google, storage.url), pulumiAzure(azure.server)], config }));
    for (const index of [0, 1]) await stack.must("config", "set", "--path", `subnetIds[${index}]`, `subnet-${index}`);
    await stack.must("config", "set", "resourceGroupName", "rg");
    await stack.must("config", "set", "subnetId", await azure.subnet());
  });
  after(() => disposed.disposeAsync());

  test("up: every cloud's machines run it, and it is the same on each", async () => {
    await stack.up();
    const { plans } = (await stack.outputs()) as { plans: string[] };
    assert.equal(plans.length, 3);
    assert.equal(new Set(plans).size, 1);
    assert.deepEqual(Object.values(runs()).map((machines) => [machines.length, new Set(machines).size]), [[2, 1], [2, 1], [2, 1]]);
  });

  test("up again: nothing happens", async () => {
    const up = await stack.up();
    assert.deepEqual([...new Set(up.steps.map(({ op }) => op))], ["same"]);
  });

  test("one change of code is on all machines of all clouds", async () => {
    const former = runs();
    await stack.must("config", "set", "page", "two");
    await stack.up();
    const now = runs();
    for (const cloud of ["aws", "gcp", "azure"] as const) {
      assert.deepEqual([now[cloud].length, new Set(now[cloud]).size], [2, 1], cloud);
      assert.notEqual(now[cloud][0], former[cloud][0], cloud);
    }
  });

  test("destroy: no machine is left on any", async () => {
    await stack.destroy();
    assert.deepEqual(runs(), { aws: [], gcp: [], azure: [] });
    assert.deepEqual([aws.ebs.snapshots.size, azure.server.arm.of("Microsoft.Compute/disks").length], [0, 0]);
  });
});
