import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { awsDoctor } from "../../sdk/doctor/aws/index.ts";
import { wantedMachines } from "../../sdk/doctor/aws/wanted.ts";
import type { Asked } from "../../sdk/doctor/cloud.ts";
import { packagesOf } from "../../sdk/doctor/packages.ts";
import { findProgram, runProgram } from "../../sdk/doctor/program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "doctor-program-"));
after(() => rmSync(home, { recursive: true }));
const url = (path: string) => JSON.stringify(pathToFileURL(join(ROOT, path)).href);

/** The head of a program whose modules are this tree's. */
const HEAD = `
import { Config } from ${url("node_modules/@pulumi/pulumi/index.js")};
import { debian, Image, Kernel, Service } from ${url("sdk/index.ts")};
import { Fleet, Machine, MachineImage } from ${url("providers/aws/index.ts")};
const config = new Config();
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "" }),
  init: [debian.init()],
  services: [new Service("web", { image: "nginx:1.27", health: { http: { port: 80 } } })],
});
`;
const project = (name: string, text: string): string => {
  const folder = join(home, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\n`);
  writeFileSync(join(folder, "index.ts"), HEAD + text);
  return folder;
};
const asked: Asked = { place: { region: "eu-central-1" }, config: {}, env: {}, resources: undefined, machines: undefined };
const resourcesOf = async (folder: string, stack?: string, config: Record<string, string> = {}) =>
  runProgram(await findProgram(folder, stack, config), awsDoctor.answers(asked), AbortSignal.timeout(120_000));

describe("a program is run without an engine", () => {
  const folder = project(
    "web",
    `const image = new MachineImage("web", { image: os, arch: "arm64" });
     new Fleet("web", { machineImage: image, instanceType: "m7g.large", count: config.requireNumber("count"), maxHealthyPercentage: 150,
       subnetIds: config.requireObject("subnetIds"), publicIp: true, securityGroupIds: ["sg-1"] });
     new Machine("db", { image: os, instanceType: "t3.micro", iamInstanceProfile: "db" });`,
  );
  writeFileSync(
    join(folder, "Pulumi.dev.yaml"),
    'config:\n  web:count: 30\n  web:subnetIds: ["subnet-1", "subnet-2"]\n  web:key:\n    secure: AAAA\n',
  );

  test("its machines and fleets are known, with what they run; a value that is given takes precedence over the stack's", async () => {
    const machines = wantedMachines({ ...asked, resources: await resourcesOf(folder, "dev", { count: "3" }) });
    const short = machines.map(({ name, instanceType, arch, count, subnets, groups, publicIp, profile, ports }) => ({
      ...{ name, instanceType, arch, count, subnets, groups, publicIp, profile, ports },
    }));
    assert.deepEqual(short, [
      {
        ...{ name: "machine db", instanceType: "t3.micro", arch: "amd64", count: 1, subnets: [], groups: [] },
        ...{ publicIp: undefined, profile: "db", ports: [80] },
      },
      {
        // 150 percent of three, rounded up
        ...{ name: "fleet web", instanceType: "m7g.large", arch: "arm64", count: 5, subnets: ["subnet-1", "subnet-2"] },
        ...{ groups: ["sg-1"], publicIp: true, profile: undefined, ports: [80] },
      },
    ]);
  });

  const refused: readonly (readonly [what: string, run: () => Promise<unknown>, message: RegExp])[] = [
    ["missing configuration", () => resourcesOf(folder), /index\.ts: Missing required configuration variable 'web:count'/],
    ["a folder that is not there", () => resourcesOf(join(home, "nowhere")), /file not found: .*nowhere/],
    ["a stack without a file", () => resourcesOf(folder, "prod"), /file not found: .*Pulumi\.prod\.yaml/],
    [
      "a wrong argument",
      () => resourcesOf(project("wrong", 'new Machine("db", { image: os, instanceType: "huge" });')),
      /instanceType: got "huge", wanted an instance type/,
    ],
    ["a program that ends itself", () => resourcesOf(project("ends", "process.exit(0);")), /index\.ts: it ended before its end/],
  ];
  for (const [what, run, message] of refused) test(`${what} is an error`, () => assert.rejects(run, message));
});

describe("the packages of a cloud", () => {
  test("are all here", () => assert.ok(packagesOf("@pulumi/aws").every(({ level }) => level === "ok")));

  test("each that is missing is named, with what installs it", () => {
    const from = pathToFileURL(join(home, "index.js")).href;
    const lines = packagesOf("@pulumi/aws", from).map(({ level, subject, says, remedy }) => `${level} ${subject}: ${says} → ${remedy}`);
    assert.equal(lines.length, 7);
    assert.ok(
      lines.includes(
        "refused @pulumi/aws: TOOL_MISSING: @pulumi/aws is not installed beside pulumi-linuxkit → run `npm install @pulumi/aws` in the project's folder",
      ),
      lines.join("\n"),
    );
    assert.deepEqual(
      lines.filter((line) => line.startsWith("warning ")).map((line) => line.split(": ")[0]),
      ["warning @aws-sdk/client-auto-scaling", "warning @aws-sdk/client-ecr", "warning @aws-sdk/client-service-quotas"],
    );
  });
});
