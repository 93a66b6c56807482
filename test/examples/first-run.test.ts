import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { awsDoctor } from "../../sdk/doctor/aws/index.ts";
import { wantedMachines as onAws } from "../../sdk/doctor/aws/wanted.ts";
import { azureDoctor } from "../../sdk/doctor/azure/index.ts";
import { wantedMachines as onAzure } from "../../sdk/doctor/azure/wanted.ts";
import type { Asked } from "../../sdk/doctor/cloud.ts";
import { gcpDoctor } from "../../sdk/doctor/gcp/index.ts";
import { wantedMachines as onGoogle } from "../../sdk/doctor/gcp/wanted.ts";
import { findProgram, runProgram } from "../../sdk/doctor/program.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/first-run", import.meta.url));
const SUBNET = "/subscriptions/9/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/web";
const asked: Asked = { place: {}, config: {}, env: {}, resources: undefined, machines: undefined };

/** What the example registers with a configuration. */
async function resourcesOf(config: Readonly<Record<string, string>>) {
  const answers = { ...awsDoctor.answers(asked), ...gcpDoctor.answers(asked), ...azureDoctor.answers(asked) };
  return runProgram(await findProgram(EXAMPLE, undefined, config), answers, AbortSignal.timeout(120_000));
}

describe("the first run", { concurrency: 2 }, () => {
  const config = { subnetIds: '["subnet-1","subnet-2"]', securityGroupIds: '["sg-1"]', resourceGroupName: "rg", subnetId: SUBNET };
  const rows: readonly (readonly [cloud: string, machines: (asked: Asked) => readonly object[], count: string, wanted: object])[] = [
    ["aws", onAws, "1", { name: "machine web", instanceType: "t3.micro", count: 1, subnets: ["subnet-1"], groups: ["sg-1"] }],
    ["aws", onAws, "2", { name: "fleet web", instanceType: "t3.micro", count: 2, subnets: ["subnet-1", "subnet-2"], ports: [8080] }],
    // a fleet of two, and one more in each of three zones in a rollout
    ["gcp", onGoogle, "2", { name: "fleet web", instanceType: "e2-micro", count: 5, ports: [8080], networkTags: ["web"] }],
    ["azure", onAzure, "1", { name: "machine web", instanceType: "Standard_B2s", count: 1, subnet: SUBNET }],
    ["azure", onAzure, "2", { name: "fleet web", instanceType: "Standard_B2s", count: 2, subnet: SUBNET, ports: [8080], isTrusted: true }],
  ];
  for (const [cloud, machines, count, wanted] of rows)
    test(`on ${cloud} with a count of ${count} registers what is checked before it`, async () => {
      const [found, ...more] = machines({ ...asked, resources: await resourcesOf({ ...config, cloud, count }) });
      assert.partialDeepStrictEqual(found, wanted);
      assert.deepEqual(more, []);
    });

  test("in QEMU registers one machine", async () => {
    const machines = (await resourcesOf({})).filter(({ type }) => type === "linuxkit:index:QemuVm");
    assert.equal(machines.length, 1);
  });

  test("on another cloud says which there are", () => assert.rejects(resourcesOf({ cloud: "mine" }), /wanted qemu, aws, gcp or azure/));
});
