import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { describeType } from "./aws/instance-types.ts";

/** A resource that a program has registered. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const SHA = "1".repeat(64);
const SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers";
const FILES = ["web.raw", "web.img.tar.gz", "web.vhd"].map((name) => ({ role: "image", name, sha256: SHA, size: 1, blocks: "AAAA" }));

let registered: Registered[] = [];
let waiting: { readonly name: string; readonly resolve: () => void } | undefined;

/** What a resource that exists answers beside its inputs. */
function stateOf(type: string, name: string, inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (type === "linuxkit:index:ImageBuild")
    return { digest: `sha256:${"ab".repeat(32)}`, arch: inputs.arch ?? "amd64", path: "/cache/1", files: FILES };
  if (type === "linuxkit:index:GcpUpload") return { source: "https://storage.googleapis.com/b/o.tar.gz", object: "o.tar.gz" };
  if (type === "linuxkit:index:AzureUpload")
    return {
      name: "disk",
      diskId: `${SUBSCRIPTION}/Microsoft.Compute/disks/disk`,
      blobUri: "",
      location: "westeurope",
      versionName: "1.0.0",
    };
  if (type === "linuxkit:index:AwsSnapshot") return { snapshotId: "snap-0123456789abcdef0", isEncrypted: inputs.encrypted === true };
  if (type === "aws:ec2/launchTemplate:LaunchTemplate") return { latestVersion: 1 };
  if (/Image$/.test(type)) return { name, selfLink: `link-of-${name}`, diskSizeGb: 1 };
  return { name, selfLink: `link-of-${name}`, instanceId: "1" };
}

await runtime.setMocks(
  {
    newResource({ name, type, inputs }) {
      registered.push({ name, type, inputs });
      if (waiting?.name === name) waiting.resolve();
      return { id: `${name}-id`, state: { ...inputs, ...stateOf(type, name, inputs) } };
    },
    call({ token, inputs }) {
      if (token === "aws:ec2/getInstanceType:getInstanceType") return describeType(String(inputs.instanceType));
      if (token === "aws:ec2/getSubnet:getSubnet") return { availabilityZone: "eu-central-1a" };
      if (token.startsWith("aws:")) return { region: "eu-central-1", accountId: "123456789012" };
      return { project: "p", region: "europe-west3", zone: "europe-west3-a", number: "7", subscriptionId: "s", tenantId: "t" };
    },
  },
  "project",
  "stack",
);

/** The resources that a program registers, once the one with that name is among them. */
export async function registeredBy(program: () => unknown, last: string): Promise<ReadonlyMap<string, Registered>> {
  registered = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting = { name: last, resolve };
  program();
  await promise;
  return new Map(registered.map((resource) => [resource.name, resource]));
}

/** All resources that a program registers, one of that type among them. */
export async function allRegisteredBy(program: () => unknown, last: RegExp): Promise<readonly Registered[]> {
  registered = [];
  program();
  const isThere = () => registered.some(({ type }) => last.test(type));
  for (let quiet = 0, count = 0; quiet < 30 || (quiet < 3000 && !isThere()); quiet++) {
    await new Promise(setImmediate);
    if (registered.length !== count) [quiet, count] = [0, registered.length];
  }
  assert.ok(isThere(), `${last} is not among ${registered.map(({ type, name }) => `${type} ${name}`).join(", ")}`);
  return registered;
}

/** The resources that a program has registered before it ended by an error, and that error. */
async function failedBy(program: () => unknown): Promise<{ readonly error: Error; readonly registered: readonly Registered[] }> {
  registered = [];
  try {
    program();
  } catch (error) {
    // what was registered before is still under way
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    return { error: error as Error, registered };
  }
  throw new Error("the program ended without an error");
}

/**
 * Asserts that a program is refused with that message before anything but its components is there: no upload, so no byte is sent.
 *
 * @param cloud what the names of its components begin with: `Azure`
 */
export async function assertRefused(cloud: string, program: () => unknown, message: string): Promise<void> {
  const components = new RegExp(`^linuxkit:index:(${cloud}(MachineImage|Machine|Fleet)|ImageBuild)$`);
  const { error, registered } = await failedBy(program);
  assert.ok(isLinuxKitError(error, "INVALID_DEFINITION"), String(error));
  assert.equal(error.message, message);
  const others = registered.map(({ type }) => type).filter((type) => !components.test(type));
  assert.deepEqual(others, []);
}
