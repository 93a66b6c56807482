import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { awsGate } from "../../providers/aws/plugin/gate.ts";
import { azureGate } from "../../providers/azure/plugin/gate.ts";
import { gcpGate } from "../../providers/gcp/plugin/gate.ts";
import { provider } from "../../providers/plugin/provider.ts";
import { rolloutGate } from "../../providers/plugin/rollout-gate.ts";
import { AutoScaling } from "../support/aws/auto-scaling.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { type PulumiAws, pulumiAws } from "../support/aws/pulumi-aws.ts";
import { AzureFixture } from "../support/azure/azure-fixture.ts";
import { type Certificate, makeCertificate, trust } from "../support/azure/certificate.ts";
import { pulumiAzure } from "../support/azure/pulumi-azure.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import { pulumiGcp } from "../support/gcp/pulumi-gcp.ts";
import { objectsOf } from "../support/gcp/pulumi-storage.ts";
import { StorageServer } from "../support/gcp/storage-server.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/three-clouds", import.meta.url));
const CLOUDS = ["aws", "gcp", "azure"] as const;
type ByCloud = Readonly<Record<(typeof CLOUDS)[number], string>>;
const SETS = "Microsoft.Compute/virtualMachineScaleSets";

// the plugin's own table, with shorter polling
const gates = rolloutGate({
  aws: async () => awsGate(undefined, 0.05),
  gcp: async () => gcpGate(undefined, 0.05),
  azure: async () => azureGate(0.05),
});

describe("one operating system on three clouds, under the real engine", { timeout: 900_000 }, () => {
  let certificate: Certificate;
  let amazon: AwsServer;
  let scaling: AutoScaling;
  let aws: PulumiAws;
  let storage: StorageServer;
  let google: GoogleServer;
  let azure: AzureFixture;
  let stack: Stack;
  const show = (page: string) => stack.must("config", "set", "page", page);
  const outputs = async () => (await stack.outputs()) as { plans: string[]; groups: ByCloud; images: ByCloud };
  /** How many machines of each cloud run the image that the stack names. */
  const running = async (): Promise<number[]> => {
    const { groups, images } = await outputs();
    const found = {
      aws: (scaling.groups.get(groups.aws)?.instances ?? []).map(({ version }) =>
        String([...aws.templates.values()][0]?.[Number(version) - 1]?.imageId),
      ),
      gcp: [...google.rollout.groups.values()]
        .flat()
        .map(({ template }) => String(google.compute.get(template).properties.disks[0].initializeParams.sourceImage)),
      azure: azure.server.arm.of(SETS).flatMap((set) => azure.server.scaleSets.of(set).instances.map(({ image }) => image)),
    };
    // Azure stores ids in lower case, and compares them without case
    return CLOUDS.map((cloud) => found[cloud].filter((image) => image.toLowerCase() === images[cloud].toLowerCase()).length);
  };
  /** The bytes sent to each cloud. */
  const sent = () => [amazon.blocksPut, storage.bytesPut, azure.server.pagesPut];

  before(async () => {
    certificate = await makeCertificate();
    trust(certificate);
    scaling = new AutoScaling();
    amazon = await AwsServer.start({ actions: (action, form) => scaling.action(action, form) });
    aws = pulumiAws(amazon, scaling);
    storage = await StorageServer.start();
    google = await GoogleServer.start({ readObject: objectsOf(storage.url) });
    storage.storage.projects.set(google.project, google.projectNumber);
    azure = await AzureFixture.start({ certificate });
    Object.assign(process.env, amazon.environment, azure.server.environment, {
      STORAGE_EMULATOR_HOST: storage.url,
      GOOGLE_COMPUTE_CUSTOM_ENDPOINT: `${google.url}/compute/v1/`,
    });
    const config = {
      "aws:region": "eu-central-1",
      "subnetIds[0]": "subnet-0",
      "subnetIds[1]": "subnet-1",
      "gcp:project": google.project,
      "gcp:region": "europe-west3",
      "gcp:accessToken": `secret:${google.accounts.mint(google.email)}`,
      "azure-native:location": "westeurope",
    };
    stack = await makeStack({
      folder: EXAMPLE,
      provider: { ...provider, types: { ...provider.types, "linuxkit:index:RolloutGate": async () => gates } },
      others: [aws.provider, pulumiGcp(google, storage.url), pulumiAzure(azure.server)],
      config,
    });
    await stack.must("config", "set", "resourceGroupName", "rg");
    await stack.must("config", "set", "subnetId", await azure.subnet());
    await show("one");
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    for (const server of [amazon, google, storage, azure, certificate]) await server[Symbol.asyncDispose]();
  });

  test("up runs it on each cloud", async () => {
    await stack.up();
    assert.deepEqual(await running(), [2, 2, 2]);
    const { plans } = await outputs();
    assert.deepEqual([plans.length, new Set(plans).size], [3, 1]);
  });

  test("a second up changes and sends nothing", async () => {
    for (const { requests } of [amazon, storage, azure.server]) requests.length = 0;
    const up = await stack.up();
    assert.deepEqual([...new Set(up.steps.map(({ op }) => op))], ["same"]);
    assert.deepEqual(sent(), [0, 0, 0]);
  });

  test("one changed page in the program reaches all three", async () => {
    const before = await outputs();
    await show("two");
    const preview = await stack.preview();
    assert.equal(preview.text.match(/contents\s*: "one" => "two"/g)?.length, 3, preview.text);
    const up = await stack.up();
    const now = await outputs();
    assert.deepEqual(await running(), [2, 2, 2]);
    for (const cloud of CLOUDS) assert.notEqual(now.images[cloud], before.images[cloud]);
    assert.equal(new Set([...now.plans, before.plans[0]]).size, 2);
    // EC2 gets only the changes, the others the whole image
    const [blocks = 0, bytes = 0, pages = 0] = sent();
    assert.ok(blocks > 0 && blocks <= 6 && bytes > 1_000_000 && pages > 1, sent().join());
    for (const cloud of CLOUDS)
      assert.ok(
        up.steps.some(({ op, urn }) => op === "update" && urn.endsWith(`::web-${cloud}-gate`)),
        `${cloud}: ${up.text}`,
      );
  });

  test("destroy leaves nothing on any of them", async () => {
    await stack.destroy();
    assert.deepEqual([amazon.ebs.snapshots.size, aws.images.size, aws.templates.size, scaling.groups.size], [0, 0, 0, 0]);
    assert.deepEqual(
      [storage.storage.buckets.size, storage.storage.objects.size, google.compute.resources.size, google.rollout.groups.size],
      [0, 0, 0, 0],
    );
    assert.deepEqual(
      azure.server.arm.kinds.map(({ type }) => type).filter((type) => azure.server.arm.of(type).length > 0),
      ["Microsoft.Network/virtualNetworks"],
    );
  });
});
