import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import ts from "typescript";

const CLOUDS = ["aws", "gcp", "azure"] as const;
type Cloud = (typeof CLOUDS)[number];

/** The name of the resource that uploads, and of the login to the cloud's registry. */
const OWN: Readonly<Record<Cloud, { readonly upload: string; readonly auth: string; readonly access: string }>> = {
  aws: { upload: "AwsSnapshot", auth: "ecrAuth", access: "AwsAccess" },
  gcp: { upload: "GcpUpload", auth: "garAuth", access: "GcpAccess" },
  azure: { upload: "AzureUpload", auth: "acrAuth", access: "AzureAccess" },
};

const index = (cloud: Cloud): string => `providers/${cloud}/index.ts`;
const program = ts.createProgram(CLOUDS.map(index), { ...(JSON.parse(readFileSync("tsconfig.json", "utf8")) as { compilerOptions: object }).compilerOptions, noEmit: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2024, skipLibCheck: true });
const checker = program.getTypeChecker();

/** What a cloud's entry exports, values and types. */
function exportsOf(cloud: Cloud): Map<string, ts.Symbol> {
  const source = program.getSourceFile(index(cloud));
  const module = source && checker.getSymbolAtLocation(source);
  assert.ok(module, index(cloud));
  return new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol]));
}

/** The members of an exported type or of a class's objects, without what Pulumi gives them all. */
function membersOf(cloud: Cloud, name: string): string[] {
  const symbol = exportsOf(cloud).get(name);
  assert.ok(symbol, `${cloud} exports no ${name}`);
  return checker.getDeclaredTypeOfSymbol(symbol).getProperties().map(({ name }) => name);
}

describe("who knows one cloud's entry knows all", { timeout: 120_000 }, () => {
  test("each exports the names that all have", () => {
    const common = (cloud: Cloud) => [...exportsOf(cloud).keys()].map((name) => Object.entries(OWN[cloud]).reduce((text, [role, own]) => (text.startsWith(own) ? text.replace(own, `<${role}>`) : text), name));
    const every = common("aws").filter((name) => CLOUDS.every((cloud) => common(cloud).includes(name))).sort();
    assert.deepEqual(every, ["<access>", "<auth>", "<upload>", "<upload>Args", "Fleet", "FleetArgs", "Machine", "MachineArgs", "MachineImage", "MachineImageArgs", "MachineSource", "MachineVolumeArgs", "RolloutGate", "RolloutGateArgs", "SecretReferences", "Transform", "VolumeTransforms"]);
  });

  const COMMON: Readonly<Record<string, readonly string[]>> = {
    MachineImageArgs: ["arch", "build", "description", "image", "retainOnDelete", "tags", "transform"],
    MachineArgs: ["arch", "build", "image", "instanceType", "machineImage", "publicIp", "secrets", "subnetId", "tags", "transform", "userData", "volumes"],
    MachineVolumeArgs: ["protect", "retainOnDelete", "sizeGiB", "snapshotId", "type"],
    FleetArgs: ["arch", "build", "count", "healthCheckGracePeriod", "image", "instanceType", "machineImage", "publicIp", "secrets", "tags", "timeoutSeconds", "transform", "userData"],
    MachineImage: ["arch", "digest", "imageId", "nodes"],
    Machine: ["instanceId", "nodes", "privateIp", "publicIp"],
    Fleet: ["groupName", "nodes", "version"],
  };
  for (const [name, members] of Object.entries(COMMON)) {
    test(`${name} has in each what no cloud forces to be another`, () => {
      const given = ["getData", "getProvider", "initialize", "registerOutputs", "urn"];
      const shared = membersOf("aws", name).filter((member) => CLOUDS.every((cloud) => membersOf(cloud, name).includes(member)) && !member.startsWith("__") && !given.includes(member));
      assert.deepEqual(shared.sort(), [...members]);
    });
  }
});
