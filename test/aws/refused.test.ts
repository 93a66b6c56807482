import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ComponentResource, output, runtime } from "@pulumi/pulumi";
import { Provider } from "@pulumi/aws/provider.js";
import {
  Fleet,
  type FleetArgs,
  Machine,
  type MachineArgs,
  MachineImage,
  type MachineImageArgs,
  type MachineVolumeArgs,
} from "../../providers/aws/index.ts";
import { debian, Image, Kernel, OnbootTask, Service, Volume } from "../../sdk/index.ts";
import { describeType } from "../support/aws/instance-types.ts";
import { until } from "../support/until.ts";

const OS = new Image({ kernel: new Kernel({ image: debian.kernel(), cmdline: "" }), init: [debian.init()] });
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111";
const MULTI = "arn:aws:kms:eu-central-1:123456789012:key/mrk-11111111111111111111111111111111";

/** Inputs of each registered resource by name, in the order of their registration. */
const registered = new Map<string, Record<string, unknown>>();
const uploads = () => [...registered.keys()].filter((name) => name.endsWith("-snapshot"));

await runtime.setMocks({
  newResource({ name, type, inputs }) {
    registered.set(name, inputs);
    const state: Record<string, Record<string, unknown>> = {
      "linuxkit:index:ImageBuild": {
        ...{ digest: "sha256:12345678", arch: "amd64", path: "/cache/1", ...inputs },
        files: [{ role: "image", name: "web.raw", sha256: "1", size: 1, blocks: "AAAA" }],
      },
      "linuxkit:index:AwsSnapshot": { ...inputs, snapshotId: "snap-12345678", isEncrypted: inputs.encrypted ?? /encrypting/.test(name) },
      "aws:ec2/launchTemplate:LaunchTemplate": { ...inputs, latestVersion: 1 },
      "aws:autoscaling/group:Group": { ...inputs, name: "group" },
    };
    return {
      id: type.endsWith("AmiCopy") ? `ami-${inputs.region}` : type.endsWith(":Ami") ? "ami-home" : `${name}-id`,
      state: state[type] ?? inputs,
    };
  },
  call({ token, inputs, provider }) {
    if (token.includes("getInstanceType")) {
      // the engine's answer has its text in `details`
      const refused = (details: string) => Object.assign(new Error(details), { details });
      if (inputs.instanceType === "m5.secret") throw refused("api error UnauthorizedOperation: You are not authorized");
      try {
        return describeType(inputs.instanceType);
      } catch (error) {
        throw refused((error as Error).message);
      }
    }
    const region = provider?.includes("::us::") ? "us-east-1" : provider?.includes("::west::") ? "us-west-2" : "eu-central-1";
    return token.includes("getSubnet") ? { availabilityZone: `${region}a` } : { region, accountId: "123456789012" };
  },
});

/**
 * Makes a component, and waits for its children of these names. A rejected argument is the program's failure, as it is under the
 * engine, where nothing handles it either.
 */
async function made(component: () => ComponentResource, ...names: readonly string[]): Promise<void> {
  registered.clear();
  const failures: unknown[] = [];
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", (error) => failures.push(error));
  try {
    try {
      component();
    } catch (error) {
      failures.push(error);
    }
    await until(() => failures.length > 0 || (names.length > 0 && names.every((name) => registered.has(name))), 20);
    // the failures of the other children
    await sleep(50);
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
  }
  if (failures.length > 0) throw failures[0];
}

const image =
  (args: Partial<MachineImageArgs>, name = "web") =>
  () =>
    new MachineImage(name, { image: OS, ...args });
const machine = (args: Partial<MachineArgs>) => () => new Machine("web", { image: OS, instanceType: "t3.micro", ...args });
const fleet =
  (args: Partial<FleetArgs>, name = "web") =>
  () =>
    new Fleet(name, { image: OS, instanceType: "t3.micro", count: 1, subnetIds: ["subnet-0"], ...args });
const database = (data: MachineVolumeArgs) =>
  machine({
    image: OS.with({
      onboot: [new OnbootTask("metadata", { image: debian.metadata({ cloud: "aws" }) })],
      volumes: [new Volume("data", { persistent: { serial: "data", after: "metadata" } })],
    }),
    ...{ subnetId: "subnet-0", volumes: { data } },
  });
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));

describe("a program that AWS would refuse is refused before anything is sent", () => {
  const rows: readonly (readonly [what: string, component: () => ComponentResource, wanted: RegExp])[] = [
    ["a name of 120 letters", image({}, "n".repeat(120)), /machine image "n+": name: got "n{60}…", wanted at most 105 letters/],
    ["a name with +", image({}, "web+tls"), /name: got "web\+tls", wanted/],
    ["a name in other letters", image({}, "wéb"), /name: got "wéb"/],
    ["a name with a colon", image({}, "prod:web"), /name: got "prod:web"/],
    ["a long description", image({ description: "d".repeat(256) }), /description: got "d{60}…", wanted 1 to 255/],
    ["an empty description", image({ description: "" }), /description: got "", wanted/],
    ["tags of AWS", image({ tags: { "aws:x": "1" } }), /tags: got the key "aws:x"/],
    ["48 tags", image({ tags: many(48) }), /tags: got 48 tags, wanted at most 47/],
    ["a long value", image({ tags: { k: "v".repeat(256) } }), /tags: got a value of 256 characters for "k"/],
    ["a long value of an output", image({ tags: { k: output("v".repeat(256)) } }), /tags: got a value of 256 characters for "k"/],
    ["a long key", image({ tags: { ["k".repeat(128)]: "" } }), /tags: got a key of 128 characters/],
    ["an empty key", image({ tags: { "": "v" } }), /tags: got a key of 0 characters/],
    ["an alias of a key", image({ encrypted: true, kmsKeyArn: "alias/mine" }), /kmsKeyArn: got "alias\/mine", wanted the ARN/],
    ["an alias's ARN", image({ encrypted: true, kmsKeyArn: KEY.replace("key/", "alias/") }), /kmsKeyArn: got .*alias/],
    ["a key without encryption", image({ kmsKeyArn: KEY }), /kmsKeyArn: got a key for a snapshot that is not encrypted/],
    ["a key beside no encryption", image({ kmsKeyArn: KEY, encrypted: false }), /kmsKeyArn: got a key for a snapshot that is not encr/],
    [
      "a key of another region",
      image({ kmsKeyArn: KEY.replace("eu-central-1", "us-east-1"), encrypted: true }),
      /kmsKeyArn: got a key of us-east-1, wanted one of the provider's region, eu-central-1/,
    ],
    ["a copy to no region", image({ copyTo: ["us"] }), /copyTo\[0\]: got "us", wanted a region/],
    ["two copies to one region", image({ copyTo: ["us-east-1", "us-east-1"] }), /copyTo\[1\]: got us-east-1 twice/],
    ["a copy to its own region", image({ copyTo: ["eu-central-1"] }), /copyTo: got eu-central-1, which is the provider's own region/],
    [
      "a copy without a key",
      image({ copyTo: ["us-east-1"], encrypted: true, kmsKeyArn: KEY }),
      /copyTo: got us-east-1, where the key .* name a key of that region in copyKmsKeyArns/,
    ],
    [
      "a copy's key of another region",
      image({ copyTo: ["us-east-1"], copyKmsKeyArns: { "us-east-1": KEY } }),
      /copyKmsKeyArns\.us-east-1: got a key of eu-central-1, wanted one of us-east-1/,
    ],
    [
      "a key of no copy",
      image({ copyKmsKeyArns: { "us-east-1": KEY } }),
      /copyKmsKeyArns\.us-east-1: got a key for us-east-1, which is not in copyTo/,
    ],
    [
      "a type that does not exist",
      machine({ instanceType: "t3.mikro" }),
      /instanceType: got "t3.mikro", wanted an instance type that EC2 has/,
    ],
    ["a type without a size", machine({ instanceType: "t3" }), /instanceType: got "t3", wanted an instance type/],
    [
      "a type of another architecture",
      fleet({ instanceType: "m7g.large" }),
      /fleet "web": instanceType: got m7g.large, which is arm64, wanted one for x86_64/,
    ],
    ["an image of another architecture", machine({ arch: "arm64" }), /got t3.micro, which is x86_64, wanted one for arm64/],
    ["a type without a TPM", machine({ arch: "arm64", instanceType: "a1.large", tpm: true }), /got a1.large, which has no NitroTPM/],
    ["a TPM on bare metal", fleet({ instanceType: "m5.metal", tpm: true }), /got m5.metal, which has no NitroTPM/],
    ["a type of Xen", fleet({ instanceType: "t2.micro" }), /got t2.micro, whose disks and network are Xen's/],
    ["a type that is an output", fleet({ instanceType: output("x2gd.medium") }), /got x2gd.medium, which is arm64/],
    ["user data of 20,000 bytes", machine({ userData: "x".repeat(20_000) }), /userData: got 20000 bytes, wanted at most 16384/],
    ["user data of a fleet", fleet({ userData: "é".repeat(9000) }), /userData: got 18000 bytes/],
    [
      "a profile's ARN",
      machine({ iamInstanceProfile: "arn:aws:iam::123456789012:instance-profile/web" }),
      /iamInstanceProfile: got "arn:.*", wanted the name/,
    ],
    ["a security group's name", machine({ securityGroupIds: ["web"] }), /securityGroupIds: got "web", wanted the id of a security group/],
    ["a subnet's name", machine({ subnetId: "public" }), /subnetId: got "public", wanted the id of a subnet/],
    ["a volume without a subnet", machine({ volumes: { data: { sizeGiB: 1 } } }), /subnetId: got nothing/],
    [
      "a small st1",
      database({ sizeGiB: 4, type: "st1" }),
      /volumes\.data\.sizeGiB: got 4, wanted a whole number from 125 to 16384 GiB for st1/,
    ],
    ["a volume of an unknown type", database({ sizeGiB: 4, type: "gp9" }), /volumes\.data\.type: got "gp9", wanted one of gp2, gp3/],
    ["an io2 without iops", database({ sizeGiB: 4, type: "io2" }), /volumes\.data\.type: got io2, which needs iops/],
    ["half a GiB", database({ sizeGiB: 0.5 }), /volumes\.data\.sizeGiB: got 0.5, wanted/],
    ["a large gp2", database({ sizeGiB: 20_000, type: "gp2" }), /volumes\.data\.sizeGiB: got 20000, wanted a whole number from 1 to 16384/],
    ["a fleet's name with a space", fleet({}, "web server"), /fleet "web server": name: got "web server"/],
    ["a fleet's name of 110 letters", fleet({}, "n".repeat(110)), /name: got/],
    ["a negative count", fleet({ count: -1 }), /count: got -1, wanted a whole number of at least 0/],
    ["half a machine", fleet({ count: 1.5 }), /count: got 1.5/],
    ["no subnets", fleet({ subnetIds: [] }), /subnetIds: got none/],
    ["a subnet of a fleet", fleet({ subnetIds: ["a"] }), /subnetIds: got "a"/],
    [
      "a load balancer's ARN",
      fleet({ targetGroupArns: ["arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/x/1"] }),
      /targetGroupArns: got .*, wanted ARNs of target groups/,
    ],
    [
      "over 100 percent at least",
      fleet({ minHealthyPercentage: 101 }),
      /minHealthyPercentage: got 101, wanted a whole number from 0 to 100 percent/,
    ],
    [
      "under 100 percent at most",
      fleet({ maxHealthyPercentage: 99 }),
      /maxHealthyPercentage: got 99, wanted a whole number from 100 to 200/,
    ],
    [
      "a wide range",
      fleet({ minHealthyPercentage: 50, maxHealthyPercentage: 200 }),
      /maxHealthyPercentage: got 200 beside minHealthyPercentage 50, wanted at most 100 more/,
    ],
    [
      "a wide range below the default",
      fleet({ minHealthyPercentage: 0, maxHealthyPercentage: 101 }),
      /maxHealthyPercentage: got 101 beside/,
    ],
    ["a negative warmup", fleet({ instanceWarmup: -1 }), /instanceWarmup: got -1/],
    ["a negative grace period", fleet({ healthCheckGracePeriod: -1 }), /healthCheckGracePeriod: got -1/],
    ["no time", fleet({ timeoutSeconds: 0 }), /timeoutSeconds: got 0, wanted more than 0/],
  ];
  for (const [what, component, wanted] of rows)
    test(what, async () => {
      await assert.rejects(made(component), { name: "LinuxKitError", message: wanted });
      assert.deepEqual(uploads(), []);
    });
});

test("an argument that becomes known later is refused then", async () => {
  await assert.rejects(made(fleet({ securityGroupIds: ["sg-1", output("web")] })), { message: /securityGroupIds: got "web"/ });
  await assert.rejects(made(machine({ userData: output("x".repeat(20_000)) })), { message: /userData: got 20000 bytes/ });
});

describe("a program that AWS takes", () => {
  test("gives each copy a key of its own region, and never an unencrypted copy of an encrypted snapshot", async () => {
    const other = KEY.replace("eu-central-1", "us-west-2");
    await made(
      image({ encrypted: true, kmsKeyArn: MULTI, copyTo: ["us-east-1", "us-west-2"], copyKmsKeyArns: { "us-west-2": other } }),
      "web-us-east-1",
      "web-us-west-2",
    );
    const keys = ["us-east-1", "us-west-2"]
      .map((region) => registered.get(`web-${region}`))
      .map((copy) => [copy?.encrypted, copy?.kmsKeyId]);
    assert.deepEqual(keys, [
      [true, MULTI.replace("eu-central-1", "us-east-1")],
      [true, other],
    ]);
    // the account encrypts by default
    await made(image({ copyTo: ["us-east-1"] }, "encrypting"), "encrypting-us-east-1");
    assert.deepEqual(
      [registered.get("encrypting-us-east-1")?.encrypted, registered.get("encrypting-us-east-1")?.kmsKeyId],
      [true, undefined],
    );
    await made(image({ copyTo: ["us-east-1"] }), "web-us-east-1");
    assert.equal(registered.get("web-us-east-1")?.encrypted, false);
  });

  test("runs the copy of its region, and refuses a region without one", async () => {
    const us = (name: string) => ({ providers: [new Provider(name, { region: "us-east-1" })] });
    await made(
      () => {
        const machineImage = new MachineImage("os", { image: OS, copyTo: ["us-east-1"] });
        new Machine("home", { machineImage, instanceType: "t3.micro" });
        new Machine("abroad", { machineImage, instanceType: "t3.micro" }, us("us"));
        return new Fleet("many", { machineImage, instanceType: "t3.micro", count: 1, subnetIds: ["subnet-0"] }, us("us"));
      },
      "home-instance",
      "abroad-instance",
      "many-template",
    );
    const launched = ["home-instance", "abroad-instance"].map((name) => registered.get(name)?.ami);
    assert.deepEqual([...launched, registered.get("many-template")?.imageId], ["ami-home", "ami-us-east-1", "ami-us-east-1"]);
    await assert.rejects(
      made(() => {
        const machineImage = new MachineImage("os", { image: OS, copyTo: ["us-east-1"] });
        return new Machine("west", { machineImage, instanceType: "t3.micro" }, us("west"));
      }),
      {
        message: /machine "west": machineImage: got an image in eu-central-1 and us-east-1, wanted one in us-west-2, .*: add it to copyTo/,
      },
    );
  });

  test("gives the snapshot the provider's default tags, under its own", async () => {
    const tags = { team: "infra", purpose: "all" };
    await made(
      () => new MachineImage("web", { image: OS, tags: { purpose: "os" } }, { providers: [new Provider("p", { defaultTags: { tags } })] }),
      "web-snapshot",
      "web-ami",
    );
    assert.deepEqual(registered.get("web-snapshot")?.tags, { team: "infra", purpose: "os", "linuxkit:build": "sha256:12345678" });
    assert.deepEqual(registered.get("web-ami")?.tags, { purpose: "os", "linuxkit:build": "sha256:12345678" });
  });

  test("starts by UEFI and BIOS, and has a TPM where something uses it", async () => {
    const device = new Service("attest", { image: "example.com/a:1", devices: [{ path: "/dev/tpmrm0", type: "c", mode: "0600" }] });
    const modules = new Kernel({ image: debian.kernel({ modules: ["tpm_tis"] }), cmdline: "" });
    const rows: readonly (readonly [args: Partial<MachineImageArgs>, bootMode: string, tpm: string | undefined])[] = [
      [{}, "uefi-preferred", undefined],
      [{ arch: "arm64" }, "uefi", undefined],
      [{ tpm: true }, "uefi", "v2.0"],
      [{ image: OS.with({ services: [device] }) }, "uefi", "v2.0"],
      [{ image: new Image({ kernel: modules, init: [debian.init()] }) }, "uefi", "v2.0"],
      [{ image: OS.with({ services: [device] }), tpm: false }, "uefi-preferred", undefined],
    ];
    for (const [args, bootMode, tpm] of rows) {
      await made(image(args), "web-ami");
      const ami = registered.get("web-ami");
      assert.deepEqual([ami?.bootMode, ami?.tpmSupport], [bootMode, tpm], JSON.stringify(args));
      assert.match(String(ami?.name), tpm ? /-tpm$/ : bootMode === "uefi" ? /-efi$/ : /-any$/);
    }
  });

  test("has one hop of metadata, and two where a service with its own network is let out to it", async () => {
    const net = (egress: string[], net = "private") =>
      OS.with({
        services: [new Service("s", { image: "example.com/a:1", net, ...(net === "private" && { egress: egress.map((to) => ({ to })) }) })],
      });
    const rows: readonly (readonly [image: Image, hops: number])[] = [
      [OS, 1],
      [net([]), 1],
      [net(["any"]), 1],
      [net(["0.0.0.0/0", "10.0.0.0/8", "169.0.0.0/8"]), 1],
      [net(["169.254.170.2"]), 1],
      [net([], "host"), 1],
      [net(["169.254.169.254"]), 2],
      [net(["any", "169.254.169.254"]), 2],
      [net(["169.254.0.0/16"]), 2],
      [net(["169.254.169.0/24"]), 2],
    ];
    for (const [image, hops] of rows) {
      await made(machine({ image }), "web-instance");
      const one = registered.get("web-instance")?.metadataOptions as { httpPutResponseHopLimit: number };
      await made(fleet({ image }), "web-template");
      const many = registered.get("web-template")?.metadataOptions as { httpPutResponseHopLimit: number };
      assert.deepEqual([one.httpPutResponseHopLimit, many.httpPutResponseHopLimit], [hops, hops], JSON.stringify(image.spec.services));
    }
  });

  // without this, Pulumi's provider stops the instance and changes what it reads at its next boot (ec2_instance.go, ForceNewIf)
  test("is replaced where its user data changes", async () => {
    await made(machine({ userData: "one" }), "web-instance");
    assert.equal(registered.get("web-instance")?.userDataReplaceOnChange, true);
  });

  test("runs where the credentials may not describe the instance type", async () => {
    await made(machine({ instanceType: "m5.secret" }), "web-instance");
    assert.equal(registered.get("web-instance")?.instanceType, "m5.secret");
  });
});
