import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { awsDoctor } from "../../sdk/doctor/aws/index.ts";
import type { Asked } from "../../sdk/doctor/cloud.ts";
import { examineCloud } from "../../sdk/doctor/clouds.ts";
import type { Registered } from "../../sdk/doctor/program-run.ts";
import { AwsAccount } from "../support/aws/account.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { findsEach, type Planted } from "./planted-problems.ts";

const made = (type: string, name: string, inputs: object, outputs: object = {}): Registered => ({
  ...{ type, name, id: `${name}-id` },
  inputs: inputs as Registered["inputs"],
  outputs: outputs as Registered["outputs"],
});

/** A fleet of ten behind a load balancer, as its components register it. */
const fleet = (more: { instanceType?: string; encrypted?: boolean } = {}): Registered[] => [
  made(
    "linuxkit:index:ImageBuild",
    "web-build",
    { image: { services: { web: { health: { http: { port: 80 } } } } } },
    { digest: "sha256:1" },
  ),
  made("linuxkit:index:AwsSnapshot", "web-snapshot", { encrypted: more.encrypted ?? true }),
  made("aws:ec2/ami:Ami", "web-ami", { tags: { "linuxkit:build": "sha256:1" } }),
  made("aws:ec2/launchTemplate:LaunchTemplate", "web-template", {
    imageId: "web-ami-id",
    instanceType: more.instanceType ?? "t3.micro",
    vpcSecurityGroupIds: ["sg-web"],
    iamInstanceProfile: { name: "web" },
  }),
  made("aws:autoscaling/group:Group", "web-group", {
    desiredCapacity: 10,
    vpcZoneIdentifiers: ["subnet-1", "subnet-2"],
    targetGroupArns: ["arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/1"],
    launchTemplate: { id: "web-template-id" },
  }),
  made("linuxkit:index:RolloutGate", "web-gate", { kind: "aws", group: "web-group", fleet: "web", maxHealthyPercentage: 120 }),
];

/** An account and the program that is to run in it. */
class World extends AwsAccount {
  resources = fleet();
  account: string | undefined;
  secret = "test";
}

/** What `doctor` finds, and the requests that it sent. */
async function look(world: World) {
  await using server = await AwsServer.start({ resources: world });
  const { AWS_REGION: region, AWS_ENDPOINT_URL: url } = server.environment;
  const kept = { ...process.env };
  Object.assign(process.env, server.environment, { AWS_SECRET_ACCESS_KEY: world.secret });
  try {
    const asked: Asked = {
      place: { region, account: world.account },
      config: {},
      env: {},
      resources: world.resources,
      machines: undefined,
    };
    const { findings } = await examineCloud(awsDoctor, asked, [], AbortSignal.timeout(60_000));
    return { findings, requests: server.requests, url };
  } finally {
    for (const name of Object.keys(server.environment)) delete process.env[name];
    Object.assign(process.env, kept);
  }
}

const ROWS: readonly Planted<World>[] = [
  {
    what: "wrong credentials",
    plant: (world) => {
      world.secret = "wrong";
    },
    ...{ level: "refused", said: /^credentials AWS: aws GetCallerIdentity/, remedy: /AWS_PROFILE/ },
  },
  {
    what: "credentials of another account",
    plant: (world) => {
      world.account = "999999999999";
    },
    ...{ level: "refused", said: /are for account 123456789012, wanted 999999999999/, remedy: /--profile/ },
  },
  {
    what: "no right to register an image",
    plant: ({ denied }) => denied.add("ec2:RegisterImage"),
    ...{ level: "refused", said: /^rights ec2:RegisterImage: /, remedy: /allow ec2:RegisterImage/ },
  },
  {
    what: "no right to start instances",
    plant: ({ denied }) => denied.add("ec2:RunInstances"),
    ...{ level: "refused", said: /^rights ec2:RunInstances: /, remedy: /allow ec2:RunInstances/ },
  },
  {
    what: "a dry run that AWS answers otherwise",
    plant: ({ failing }) => failing.set("DeregisterImage", "InvalidAMIID.NotFound"),
    ...{ level: "warning", said: /AWS did not say whether they may do ec2:DeregisterImage/, remedy: /--policy/ },
  },
  {
    what: "no right to see quotas",
    plant: ({ denied }) => denied.add("servicequotas:GetServiceQuota"),
    ...{ level: "warning", said: /^quota not checked: the credentials may not ask/, remedy: /let them read this/ },
  },
  {
    what: "too few vCPUs for a rollout",
    plant: ({ quotas }) => quotas.set("L-1216C47A", 25),
    // one t3.micro runs, and twelve are there in a rollout
    ...{ level: "refused", said: /^quota L-1216C47A: .* 25 vCPUs, 2 in use, the program wants 24/, remedy: /ask for 26 in Service Quotas/ },
  },
  {
    what: "a quota that is nearly used",
    plant: ({ quotas }) => quotas.set("L-1216C47A", 27),
    ...{ level: "warning", said: /^quota L-1216C47A: /, remedy: /ask for more/ },
  },
  {
    what: "no room for another group",
    plant: ({ groups }) => {
      groups.used = groups.most;
    },
    ...{ level: "refused", said: /^quota groups: 500 Auto Scaling groups, 500 in use/, remedy: /delete groups/ },
  },
  {
    what: "nothing encrypts",
    plant: (world) => {
      world.encryptsByDefault = false;
      world.resources = fleet({ encrypted: false });
    },
    ...{ level: "warning", said: /^encryption web-snapshot: neither the account nor the program/, remedy: /encrypted: true/ },
  },
  {
    what: "a key of one's own by default",
    plant: (world) => {
      world.key = "arn:aws:kms:eu-central-1:123456789012:key/1";
    },
    ...{ level: "warning", said: /^encryption default: .* with arn:aws:kms/, remedy: /kms:CreateGrant/ },
  },
  {
    what: "a type of another architecture",
    plant: (world) => {
      world.resources = fleet({ instanceType: "m7g.large" });
    },
    ...{ level: "refused", said: /^instance type fleet web: got m7g.large, which is arm64/, remedy: /change instanceType/ },
  },
  {
    what: "a type that the region has not",
    plant: (world) => {
      world.resources = fleet({ instanceType: "t9.huge" });
    },
    ...{ level: "refused", said: /^instance type fleet web: this region has no t9.huge/, remedy: /choose a type/ },
  },
  {
    what: "a subnet that is gone",
    plant: ({ subnets }) => subnets.delete("subnet-2"),
    ...{ level: "refused", said: /^subnet subnet-2: not found/, remedy: /name a subnet/ },
  },
  {
    what: "a subnet without addresses",
    plant: ({ subnets }) => Object.assign(subnets.get("subnet-1") as object, { free: 5 }),
    ...{ level: "refused", said: /^subnet subnet-1: 5 addresses are free, fleet web wants 6/, remedy: /larger subnet/ },
  },
  {
    what: "a zone without the type",
    plant: ({ lacking }) => lacking.add("eu-central-1b t3.micro"),
    ...{ level: "refused", said: /^subnet subnet-2: its zone eu-central-1b has no t3.micro/, remedy: /another zone/ },
  },
  {
    what: "no default route",
    plant: (world) => {
      world.routes = [];
    },
    ...{ level: "warning", said: /^route subnet-.: its route table has no default route/, remedy: /NAT gateway/ },
  },
  {
    what: "a route to what is gone",
    plant: (world) => {
      world.routes = [{ to: "0.0.0.0/0", gateway: "nat-1", state: "blackhole" }];
    },
    ...{ level: "refused", said: /^route subnet-.: .* nat-1, which is gone/, remedy: /gateway that exists/ },
  },
  {
    what: "an Internet gateway without public addresses",
    plant: ({ subnets }) => {
      for (const subnet of subnets.values()) subnet.isPublic = false;
    },
    ...{ level: "warning", said: /^route subnet-.: .* igw-1, but machines get no public address/, remedy: /publicIp: true/ },
  },
  {
    what: "a port that no security group opens",
    plant: ({ securityGroups }) => securityGroups.set("sg-web", { ports: [443], egress: true }),
    ...{
      level: "refused",
      said: /^firewall fleet web: no rule of sg-web .* port 80: health checks fail/,
      remedy: /inbound rule for TCP 80/,
    },
  },
  {
    what: "a security group that lets nothing out",
    plant: ({ securityGroups }) => securityGroups.set("sg-web", { ports: [80], egress: false }),
    ...{ level: "warning", said: /lets machines out/, remedy: /outbound rule/ },
  },
  {
    what: "a security group that is gone",
    plant: ({ securityGroups }) => securityGroups.clear(),
    ...{ level: "refused", said: /^firewall sg-web: not found/, remedy: /security groups of the subnets' VPC/ },
  },
];

describe("doctor on AWS finds each problem and says how to mend it", () => {
  findsEach(
    () => new World(),
    async (world) => (await look(world)).findings,
    ROWS,
  );

  test("it creates and changes nothing: every request reads, or is a dry run", async () => {
    const { requests } = await look(new World());
    const done = requests.filter(({ action, status }) => status !== 412 && !/^(?:Describe|Get)/.test(action));
    assert.deepEqual(done, []);
    assert.ok(requests.some(({ action, status }) => action === "RunInstances" && status === 412));
  });
});
