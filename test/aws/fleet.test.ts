import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runtime } from "@pulumi/pulumi";
import { Fleet, type FleetArgs } from "../../providers/aws/index.ts";
import { Image, Kernel } from "../../sdk/index.ts";

const OS = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"] });

let arrived: (name: string, inputs: Record<string, unknown>) => void;

await runtime.setMocks({
  newResource({ name, type, inputs }) {
    arrived(name, inputs);
    const state: Record<string, Record<string, unknown>> = {
      "linuxkit:index:ImageBuild": {
        digest: "sha256:12345678",
        arch: "amd64",
        path: "/cache/1",
        files: [{ role: "image", name: "web.raw", sha256: "1", size: 1, blocks: "AAAA" }],
      },
      "linuxkit:index:AwsSnapshot": { snapshotId: "snap-12345678" },
      "aws:ec2/launchTemplate:LaunchTemplate": { ...inputs, latestVersion: 3 },
      "aws:autoscaling/group:Group": { ...inputs, name: "web-group-1" },
    };
    return { id: `${name}-id`, state: state[type] ?? inputs };
  },
  call: () => ({ region: "eu-central-1", accountId: "123456789012" }),
});

/** Inputs of the children of a fleet by name, once all of them are registered. */
async function childrenOf(args: Partial<FleetArgs>): Promise<Record<string, Record<string, unknown>>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const children: Record<string, Record<string, unknown>> = {};
  arrived = (name, inputs) => {
    children[name] = inputs;
    if (name === "web-gate") resolve();
  };
  new Fleet("web", { image: OS, instanceType: "t3.micro", count: 3, subnetIds: ["subnet-1", "subnet-2"], ...args });
  await promise;
  return children;
}

describe("a fleet on AWS", () => {
  test("without target groups uses EC2 health checks, spans its subnets, and has a numbered version that can be rolled back to", async () => {
    const { "web-group": group, "web-gate": gate } = await childrenOf({});
    assert.deepEqual(
      [group?.healthCheckType, group?.targetGroupArns, group?.vpcZoneIdentifiers, group?.desiredCapacity],
      ["EC2", undefined, ["subnet-1", "subnet-2"], 3],
    );
    assert.deepEqual(group?.launchTemplate, { id: "web-template-id", version: "3" });
    assert.deepEqual([gate?.kind, gate?.group, gate?.launchTemplateVersion, gate?.region], ["aws", "web-group-1", "3", "eu-central-1"]);
    // the gate starts the refresh: the group's provider would change the group first, and a rollback would lead to that
    assert.equal(group?.instanceRefresh, undefined);
  });

  test("with target groups uses ELB health checks after the grace period", async () => {
    const { "web-group": group, "web-gate": gate } = await childrenOf({
      targetGroupArns: ["arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/1"],
      healthCheckGracePeriod: 20,
      minHealthyPercentage: 50,
    });
    assert.deepEqual(
      [group?.healthCheckType, group?.targetGroupArns, group?.healthCheckGracePeriod],
      ["ELB", ["arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/1"], 20],
    );
    assert.equal(gate?.minHealthyPercentage, 50);
  });

  test("with a public address puts security groups on the network interface", async () => {
    const { "web-template": plain } = await childrenOf({ securityGroupIds: ["sg-1"] });
    assert.deepEqual([plain?.vpcSecurityGroupIds, plain?.networkInterfaces], [["sg-1"], undefined]);
    const { "web-template": open } = await childrenOf({ securityGroupIds: ["sg-1"], publicIp: true });
    assert.deepEqual(
      [open?.vpcSecurityGroupIds, open?.networkInterfaces],
      [undefined, [{ associatePublicIpAddress: "true", securityGroups: ["sg-1"] }]],
    );
  });

  test("lets the program transform its children", async () => {
    const {
      "web-group": group,
      "web-template": template,
      "web-image-ami": ami,
    } = await childrenOf({
      userData: "role=web",
      transform: { group: { maxSize: 5 }, launchTemplate: (args, name) => ({ ...args, keyName: name }), ami: { description: "ours" } },
    });
    assert.deepEqual([group?.maxSize, template?.keyName, ami?.description], [5, "web-template", "ours"]);
    assert.equal(template?.userData, Buffer.from("role=web").toString("base64"));
  });
});
