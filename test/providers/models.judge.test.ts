import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { scratch } from "../support/judge.ts";
import { allRegisteredBy, type Registered } from "../support/mocked-program.ts";
import { coverageLines, judged } from "../support/models/coverage.ts";
import { coveragePage } from "../support/models/coverage-page.ts";
import { cloudModels } from "../support/models/judge.ts";
import { PROGRAMS } from "../support/models/programs.ts";
import type { CloudRequest } from "../support/models/recorded.ts";
import { type StockProviders, stockProviders } from "../support/models/stock.ts";
import { runTool } from "../support/run-tool.ts";

const PAGE = new URL("../support/models/coverage.md", import.meta.url);
/** The types that the clouds' stock providers make. */
const STOCK = /^(aws|gcp|azure-native):/;

const judge = await cloudModels();

describe("the clouds' own models", () => {
  let stock: StockProviders;
  const sent: CloudRequest[] = [];
  before(async () => void (stock = await stockProviders()));
  after(() => stock[Symbol.asyncDispose]());

  for (const { cloud, what, last, run } of PROGRAMS)
    test(`take what the stock provider sends for ${cloud}, ${what}`, async () => {
      const made = (await allRegisteredBy(run, new RegExp(`^${last}$`))).filter(({ type }) => STOCK.test(type));
      const requests = await Promise.all(made.map((each) => stock.requests(each)));
      const unsent = made.filter((_, index) => requests[index]?.length === 0).map(({ type }) => type);
      assert.deepEqual(unsent, []);
      assert.deepEqual(judged(judge, requests.flat()), { ...judged(judge, requests.flat()), violations: [], unjudged: 0 });
      sent.push(...requests.flat());
    });

  test("are asked about more than a hundred programs", (t) => {
    assert.ok(PROGRAMS.length > 100, `${PROGRAMS.length} programs`);
    for (const line of coverageLines(judged(judge, sent))) t.diagnostic(line);
  });

  test("have seen what coverage.md says; TEST_WRITE=1 writes it", async () => {
    const page = coveragePage(judged(judge, sent));
    if (process.env.TEST_WRITE === "1") await writeFile(PAGE, page);
    assert.equal(await readFile(PAGE, "utf8"), page);
  });
});

describe("the clouds' own models refuse", async () => {
  await using stock = await stockProviders();
  /** A change to the arguments of a class, and what is wrong then. */
  const ROWS: readonly (readonly [resource: Registered, violation: string])[] = [
    [
      { type: "aws:ebs/volume:Volume", name: "data", inputs: { availabilityZone: "eu-central-1a", size: 1, type: "gp9" } },
      'aws: ec2.CreateVolume: VolumeType: "gp9", not one of standard, io1, io2, gp2…',
    ],
    [
      { type: "aws:ebs/volume:Volume", name: "data", inputs: { availabilityZone: "eu-central-1a", size: "1" } },
      'aws: ec2.CreateVolume: Size: "1", not an integer',
    ],
    [
      { type: "aws:ec2/launchTemplate:LaunchTemplate", name: "web", inputs: { iamInstanceProfile: { role: "web" } } },
      "aws: ec2.CreateLaunchTemplate: LaunchTemplateData.IamInstanceProfile.Role: not in LaunchTemplateIamInstanceProfileSpecificationRequest",
    ],
    [
      { type: "aws:autoscaling/group:Group", name: "web", inputs: { maxSize: 1 } },
      "aws: autoscaling.CreateAutoScalingGroup: MinSize: missing in CreateAutoScalingGroupType",
    ],
    [
      { type: "aws:autoscaling/group:Group", name: "w".repeat(256), inputs: { minSize: 1, maxSize: 1 } },
      `aws: autoscaling.CreateAutoScalingGroup: AutoScalingGroupName: "${"w".repeat(59)}, which is not 1 to 255 characters`,
    ],
    [
      { type: "gcp:compute/image:Image", name: "web", inputs: { rawDisk: { source: "s", format: "TAR" } } },
      "gcp: compute.beta images.insert: rawDisk.format: not in the object",
    ],
    [
      { type: "gcp:compute/image:Image", name: "web", inputs: { name: "Web" } },
      'gcp: compute.beta images.insert: name: "Web", which does not match [a-z](?:[-a-z0-9]{0,61}[a-z0-9])?',
    ],
    [
      { type: "gcp:compute/image:Image", name: "web", inputs: { guestOsFeatures: [{ type: "UEFI" }] } },
      'gcp: compute.beta images.insert: guestOsFeatures[].type: "UEFI", not one of BARE_METAL_LINUX_COMPATIBLE, BMSAI_CAPABLE, CCA_CAPABLE, FEATURE_TYPE_UNSPECIFIED…',
    ],
    [
      { type: "azure-native:compute:Disk", name: "data", inputs: { resourceGroupName: "rg", creationData: { createOption: "Nothing" } } },
      'azure: 2024-03-02 PUT Microsoft.Compute/disks/{}: properties.creationData.createOption: "Nothing", not one of Empty, Attach, FromImage, Import…',
    ],
    [
      { type: "azure-native:compute:Disk", name: "data", inputs: { resourceGroupName: "rg", creationData: {}, size: 1 } },
      "azure: 2024-03-02 PUT Microsoft.Compute/disks/{}: properties.creationData.createOption: missing in CreationData",
    ],
    [
      {
        type: "azure-native:network:LoadBalancer",
        name: "web",
        inputs: { resourceGroupName: "rg", frontendIPConfigurations: [{ name: "a", address: "b" }] },
      },
      "azure: 2024-05-01 PUT Microsoft.Network/loadBalancers/{}: properties.frontendIPConfigurations[].properties.address: not in FrontendIPConfiguration",
    ],
  ];
  const requests = await Promise.all(ROWS.map(([resource]) => stock.requests(resource)));

  for (const [index, [{ type }, violation]] of ROWS.entries())
    test(`a wrong member of ${type}: ${violation}`, () => {
      assert.ok(
        judged(judge, requests[index] ?? []).violations.includes(violation),
        judged(judge, requests[index] ?? []).violations.join("\n"),
      );
    });

  const SENT: readonly (readonly [what: string, request: CloudRequest, violation: string])[] = [
    [
      "a parameter of EC2 that the model lacks",
      { cloud: "aws", service: "ec2", form: "Action=DescribeSnapshots&Version=2016-11-15&Filter.1.Name=status&Filter.1.Valu.1=completed" },
      "aws: ec2.DescribeSnapshots: Filters[].Valu: not in Filter",
    ],
    [
      "a block without its checksum",
      {
        cloud: "aws",
        service: "ebs",
        method: "PUT",
        url: "/snapshots/snap-0123456789abcdef0/blocks/3",
        headers: { "x-amz-data-length": "524288", "x-amz-checksum-algorithm": "SHA256" },
        body: 524288,
      },
      "aws: ebs.PutSnapshotBlock: Checksum: missing in PutSnapshotBlockRequest",
    ],
    [
      "an operation that a service lacks",
      { cloud: "aws", service: "autoscaling", form: "Action=RestartInstanceRefresh" },
      "aws: autoscaling.RestartInstanceRefresh: RestartInstanceRefresh: not an operation of autoscaling",
    ],
    [
      "an output in a request to Google Cloud",
      {
        cloud: "gcp",
        method: "POST",
        url: "/compute/v1/projects/p/global/instanceTemplates",
        body: { name: "web", properties: { machineType: "e2-small", disks: [{ architecture: "ARM64" }] } },
      },
      "gcp: compute.v1 instanceTemplates.insert: properties.disks[].architecture: output only: a request has no effect by it",
    ],
    [
      "a query parameter that Google Cloud lacks",
      { cloud: "gcp", method: "GET", url: "/compute/v1/projects/p/zones?pageSize=1" },
      "gcp: compute.v1 zones.list: ?pageSize: not a parameter of compute.zones.list",
    ],
    [
      "a member that Azure only answers",
      {
        cloud: "azure",
        method: "PATCH",
        url: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks/d?api-version=2024-03-02",
        body: { properties: { diskSizeGB: 1, diskState: "Unattached" } },
      },
      "azure: 2024-03-02 PATCH Microsoft.Compute/disks/{}: properties.diskState: not in DiskUpdate",
    ],
    [
      "an action that Azure lacks",
      {
        cloud: "azure",
        method: "POST",
        url: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks/d/begin?api-version=2024-03-02",
      },
      "azure: Microsoft.Compute 2024-03-02: unknown: POST /subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks/d/begin: not an operation of Microsoft.Compute 2024-03-02",
    ],
  ];
  for (const [what, request, violation] of SENT) test(what, () => assert.deepEqual(judged(judge, [request]).violations, [violation]));

  for (const [type, inputs, argument] of [
    ["aws:ec2/launchTemplate:LaunchTemplate", { hibernationOptions: { configured: true } }, "hibernationOptions"],
    ["gcp:compute/disk:Disk", { sourceDisk: "d" }, "sourceDisk"],
    ["gcp:compute/instance:Instance", { bootDisk: { initializeParams: { storagePool: "p" } } }, "bootDisk.initializeParams.storagePool"],
  ] as const)
    test(`to be asked about ${argument} of ${type}, whose conversion is not written`, async () => {
      await using providers = await stockProviders();
      const asked = async () => providers.requests({ type, name: "web", inputs });
      await assert.rejects(asked, new RegExp(`how the provider sends ${argument.replaceAll(".", "\\.")} is not written`));
    });

  test("a run of tests in which a stand-in takes a wrong request, after its last test", async () => {
    await using folder = await scratch();
    const recorder = new URL("../support/models/recorded.ts", import.meta.url).href;
    const [, request, violation] = SENT[0] ?? assert.fail();
    const file = join(folder.path, "one.test.ts");
    const body = `import { test } from "node:test";\nimport { record } from ${JSON.stringify(recorder)};\n`;
    await writeFile(file, `${body}test("passes", () => record(${JSON.stringify(request)}));\n`);
    const setup = new URL("../support/models/whole-run.ts", import.meta.url).pathname;
    // a runner within a runner's test would report to that one
    const node = ["-u", "NODE_TEST_CONTEXT", process.execPath];
    const { status, output } = await runTool("env", ...node, "--test", `--test-global-setup=${setup}`, file);
    assert.equal(status, 1);
    assert.match(output, /pass 1\n/);
    assert.ok(output.includes(`✖ ${violation}`), output);
    assert.match(output, /1 requests of 1 operations, 1 violations, 0 requests without a model/);
  });
});
