import assert from "node:assert/strict";
import { test } from "node:test";
import { provider } from "../../providers/plugin/provider.ts";
import { packageSchema } from "../../sdk/plugin/package-schema.ts";

interface Property {
  readonly type?: string;
  readonly description?: string;
  readonly secret?: boolean;
  readonly default?: unknown;
  readonly $ref?: string;
}
interface Resource {
  readonly inputProperties: Readonly<Record<string, Property>>;
  readonly requiredInputs: readonly string[];
  readonly properties: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
}

const schema = JSON.parse(await packageSchema(provider)) as {
  readonly resources: Readonly<Record<string, Resource>>;
  readonly types: Readonly<
    Record<string, { readonly properties: Readonly<Record<string, Property>>; readonly required: readonly string[] }>
  >;
};
const of = (type: string): Resource => schema.resources[`linuxkit:index:${type}`] as Resource;

test("types, defaults and secrets come from the inputs", () => {
  const { arch, memoryMiB, publish, secrets, kernel } = of("QemuVm").inputProperties;
  assert.deepEqual([arch?.type, arch?.default], ["string", "amd64"]);
  assert.deepEqual([memoryMiB?.type, memoryMiB?.default], ["integer", 256]);
  assert.deepEqual(publish, {
    type: "array",
    items: { type: "string" },
    description: "Ports of the guest that the host answers on: [ADDRESS:]HOST:GUEST[/tcp|udp], host port 0 for any free one.",
  });
  assert.deepEqual([secrets?.type, secrets?.secret], ["object", true]);
  assert.equal(kernel?.type, "string");
  assert.deepEqual(of("QemuVm").requiredInputs, ["digest"]);
  assert.deepEqual(of("QemuDisk").requiredInputs, ["sizeMiB"]);
});

test("nested objects are named types", () => {
  assert.equal(of("ImageBuild").inputProperties.secureBoot?.$ref, "#/types/linuxkit:index:ImageBuildSecureBoot");
  const pair = schema.types["linuxkit:index:ImageBuildSecureBoot"];
  assert.deepEqual(pair?.required, ["key", "certificate"]);
  assert.equal(pair?.properties.passphrase?.type, "string");
});

test("outputs that are always there are required", () => {
  assert.deepEqual(of("ImageBuild").required, ["digest", "planDigest", "arch", "cmdline", "path", "files", "segments", "lock"]);
});

test("every input and output of the types that this project describes has a description", () => {
  for (const type of ["ImageBuild", "QemuVm", "QemuDisk"])
    for (const side of ["inputProperties", "properties"] as const)
      for (const [name, { description }] of Object.entries(of(type)[side])) assert.ok(description, `${type}.${side}.${name}`);
});
