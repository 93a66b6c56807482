import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { AutoScaling } from "../support/aws/auto-scaling.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { type PulumiAws, pulumiAws } from "../support/aws/pulumi-aws.ts";
import { makeStack, type Stack } from "../support/engine.ts";

interface Program {
  readonly page?: string;
  readonly copyTo?: readonly string[];
  readonly retainOnDelete?: boolean;
  readonly profile?: string;
  /** Arguments of an explicit AWS provider. @default the stack's own */
  readonly provider?: object;
}

function program({ page = "one", provider, ...args }: Program = {}): string {
  return `
import { Provider } from "@pulumi/aws/provider.js";
import { debian, Image, Kernel, Service } from "pulumi-linuxkit";
import { MachineImage } from "pulumi-linuxkit/aws";
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  services: [new Service("web", { image: debian.packages({ packages: ["busybox-static"], files: [{ path: "page", contents: "${page}" }], command: ["busybox", "sleep", "9999"] }) })],
});
const image = new MachineImage("web", { image: os, ...${JSON.stringify(args)} }${provider ? `, { providers: [new Provider("other", ${JSON.stringify(provider)})] }` : ""});
export const { imageId, imageIds, snapshotId } = image;
`;
}

describe("a machine image on AWS, under the real engine", { timeout: 600_000 }, () => {
  let server: AwsServer;
  let aws: PulumiAws;
  let stack: Stack;
  const outputs = async () => (await stack.outputs()) as { imageId: string; imageIds: Record<string, string>; snapshotId: string };
  const show = (what: Program) => stack.write("index.js", program(what));
  const uploads = () => server.requests.filter(({ action }) => action === "StartSnapshot").length;

  before(async () => {
    const scaling = new AutoScaling();
    server = await AwsServer.start({ actions: (action, form) => scaling.action(action, form) });
    aws = pulumiAws(server, scaling);
    stack = await makeStack({
      files: { "index.js": program() },
      others: [aws.provider],
      env: { ...server.environment, PULUMI_LINUXKIT_CACHE: defaultCacheDir() },
    });
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test("an explicit provider's region and assumed roles are used to create and to delete it", async () => {
    const [ci, deploy] = ["arn:aws:iam::123456789012:role/ci", "arn:aws:iam::210987654321:role/deploy"] as const;
    server.identities.roles.set(ci, { principal: "arn:aws:iam::123456789012:user/test" });
    server.identities.roles.set(deploy, { principal: ci, externalId: "ours" });
    Object.assign(aws.place, { region: "us-east-1", account: "210987654321" });
    await show({
      provider: { region: "us-east-1", assumeRoles: [{ roleArn: ci }, { roleArn: deploy, sessionName: "pulumi", externalId: "ours" }] },
    });
    await stack.up();
    await stack.destroy();
    const asked = server.requests.filter(({ action }) => action !== "AssumeRole");
    assert.deepEqual(
      [...new Set(asked.map(({ by, region }) => `${by} ${region}`))],
      ["arn:aws:sts::210987654321:assumed-role/deploy/pulumi us-east-1"],
    );
    assert.ok(
      ["PutSnapshotBlock", "DeleteSnapshot"].every((wanted) => asked.some(({ action }) => action === wanted)),
      asked.map(({ action }) => action).join(),
    );
    // without its external ID the role cannot be assumed
    await show({ provider: { region: "us-east-1", assumeRoles: [{ roleArn: ci }, { roleArn: deploy }] } });
    const refused = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(refused.status, 0);
    assert.match(
      refused.text,
      /aws GetCallerIdentity: User: arn:aws:sts::123456789012:assumed-role\/ci\/pulumi-linuxkit is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::210987654321:role\/deploy/,
    );
    Object.assign(aws.place, { region: "eu-central-1", account: server.account });
    server.requests.length = 0;
    await show({});
  });

  test("access keys are secret in the state, and rotated keys delete what the old keys created", async () => {
    const keys = (name: string) => ({ region: "eu-central-1", accessKey: name, secretKey: name });
    for (const name of ["AKIAFORMER", "AKIAPRESENT"]) server.identities.addUser(name);
    await show({ provider: keys("AKIAFORMER") });
    await stack.up();
    assert.doesNotMatch(await stack.stateText(), /AKIAFORMER/);
    server.identities.removeKey("AKIAFORMER");
    await show({ page: "rotated", provider: keys("AKIAPRESENT") });
    await stack.up();
    assert.deepEqual([...server.ebs.snapshots.keys()], [(await outputs()).snapshotId]);
    await stack.destroy();
    assert.equal(server.ebs.snapshots.size, 0);
    server.requests.length = 0;
    await show({});
  });

  test("an account that differs from the provider's, or a missing profile, fails before anything is sent", async () => {
    aws.place.account = "999999999999";
    const other = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(other.status, 0);
    assert.match(
      other.text,
      /the credentials are for account 123456789012, but the stack's AWS provider uses account 999999999999: set the same profile or role for both/,
    );
    aws.place.account = server.account;
    await show({ profile: "elsewhere" });
    const profile = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(profile.status, 0);
    assert.match(profile.text, /aws GetCallerIdentity as the profile elsewhere: Could not load credentials/);
    assert.deepEqual([uploads(), server.ebs.snapshots.size], [0, 0]);
  });

  test("copies in other regions keep its name", async () => {
    await show({ copyTo: ["us-east-1", "eu-west-1"] });
    await stack.up();
    const { imageId, imageIds, snapshotId } = await outputs();
    assert.deepEqual(Object.keys(imageIds).sort(), ["eu-central-1", "eu-west-1", "us-east-1"]);
    assert.equal(imageIds["eu-central-1"], imageId);
    const home = aws.images.get(imageId);
    for (const region of ["us-east-1", "eu-west-1"]) {
      const copy = aws.copies.get(imageIds[region] as string);
      assert.deepEqual(
        [copy?.region, copy?.sourceAmiId, copy?.sourceAmiRegion, copy?.name],
        [region, imageId, "eu-central-1", home?.args.name],
      );
    }
    assert.equal(home?.snapshot, snapshotId);
    assert.deepEqual([...new Set((await stack.up()).steps.map(({ op }) => op))], ["same"]);
  });

  test("a changed image replaces the AMI and its copies, and deletes the old AMI before its snapshot", async () => {
    const before = await outputs();
    const { snapshots } = server.ebs;
    const [own] = [...snapshots.values()];
    assert.ok(own);
    // another snapshot with the same tags is no parent, wherever it is in the list
    const theirs = { ...own, id: "snap-0000000000000beef", encrypted: true, tags: new Map(own.tags), blocks: new Map() };
    snapshots.clear();
    snapshots.set(theirs.id, theirs).set(own.id, own);
    await show({ page: "two", copyTo: ["us-east-1"] });
    const up = await stack.up();
    const now = await outputs();
    assert.deepEqual([snapshots.get(now.snapshotId)?.parent, snapshots.get(now.snapshotId)?.encrypted], [own.id, false]);
    snapshots.delete(theirs.id);
    // the new image is registered, under a name of its own, before the old one goes
    const amis = up.steps.filter(({ type, op }) => type === "aws:ec2/ami:Ami" && op !== "replace").map(({ op }) => op);
    assert.deepEqual(amis, ["create-replacement", "delete-replaced"]);
    assert.deepEqual(
      [[...aws.images.keys()], [...aws.copies.keys()], [...server.ebs.snapshots.keys()]],
      [[now.imageId], [now.imageIds["us-east-1"]], [now.snapshotId]],
    );
    assert.notEqual(now.snapshotId, before.snapshotId);
    const gone = up.steps.filter(({ op }) => op === "delete-replaced").map(({ type }) => type);
    assert.ok(
      gone.indexOf("aws:ec2/ami:Ami") >= 0 && gone.indexOf("aws:ec2/ami:Ami") < gone.indexOf("linuxkit:index:AwsSnapshot"),
      gone.join(),
    );
  });

  test("a retained image survives destroy, with its copies and snapshot", async () => {
    await show({ page: "two", copyTo: ["us-east-1"], retainOnDelete: true });
    await stack.up();
    await stack.destroy();
    assert.deepEqual([aws.images.size, aws.copies.size, server.ebs.snapshots.size], [1, 1, 1]);
  });
});
