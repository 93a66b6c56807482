import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { registerHooks } from "node:module";
import { after, describe, test } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { provider } from "../../providers/plugin/provider.ts";
import { OPTIONAL_PACKAGES } from "../../sdk/core/missing-package.ts";
import { loadProtos } from "../../sdk/plugin/protos.ts";
import { startServer } from "../../sdk/plugin/serve.ts";
import { encode } from "../../sdk/plugin/struct.ts";
import { type Properties, UNKNOWN } from "../../sdk/plugin/value.ts";

const protos = loadProtos();
const missing = new Set<string>();
// what Node says where it finds no package
const hooks = registerHooks({
  resolve(specifier, context, next) {
    if (!missing.has(specifier)) return next(specifier, context);
    throw Object.assign(new Error(`Cannot find package '${specifier}' imported from /x.js`), { code: "ERR_MODULE_NOT_FOUND" });
  },
});
const serving = await startServer(provider);
const client = new protos.providerService.ResourceProviderClient(`127.0.0.1:${serving.port}`, protos.grpc.credentials.createInsecure());
after(async () => {
  client.close();
  await serving.stop();
  hooks.deregister();
});

/** The error of a check; undefined where it says what is wrong in the inputs, if anything. */
function refusal(type: string, inputs: Properties): Promise<string | undefined> {
  const request = new protos.provider.CheckRequest();
  request.setUrn(`urn:pulumi:dev::shop::linuxkit:index:${type}::web`);
  request.setNews(encode(protos, inputs));
  return new Promise((resolve) => client.check(request, (error: ServiceError | null) => resolve(error?.details)));
}

const NEEDS: readonly (readonly [type: string, inputs: Properties, packages: readonly string[]])[] = [
  ["AwsSnapshot", {}, ["@aws-sdk/client-ebs", "@aws-sdk/client-ec2", "@aws-sdk/client-sts"]],
  ["RolloutGate", { kind: "aws" }, ["@aws-sdk/client-auto-scaling", "@aws-sdk/client-ebs", "@aws-sdk/client-ec2", "@aws-sdk/client-sts"]],
  ["GcpUpload", {}, ["google-auth-library"]],
  ["GcpImage", {}, ["google-auth-library"]],
  ["GcpImage", { accessToken: "word", impersonateServiceAccount: "ann@acme.example" }, ["google-auth-library"]],
  ["RolloutGate", { kind: "gcp" }, ["google-auth-library"]],
  ["AzureUpload", {}, ["@azure/identity"]],
  ["RolloutGate", { kind: "azure" }, ["@azure/identity"]],
];

describe("an optional package that is not installed", () => {
  for (const [type, inputs, packages] of NEEDS) {
    for (const name of packages) {
      test(`${name} is missed by the check of ${[type, ...Object.values(inputs)].join(" ")}, before anything is built`, async (context) => {
        context.after(() => missing.clear());
        missing.add(name);
        const [line] = OPTIONAL_PACKAGES.filter((group) => group.includes(name)).map((group) => `npm install ${group.join(" ")}`);
        assert.equal(
          await refusal(type, inputs),
          `${name} is not installed beside pulumi-linuxkit: run \`${line}\` in the project's folder`,
        );
      });
    }
  }

  test("is not missed by a login that needs none, nor by what runs on this host", async (context) => {
    context.after(() => missing.clear());
    for (const name of OPTIONAL_PACKAGES.flat()) missing.add(name);
    assert.equal(await refusal("GcpUpload", { accessToken: UNKNOWN }), undefined);
    for (const [type, inputs] of [
      ["ImageBuild", {}],
      ["QemuVm", {}],
      ["RolloutGate", { kind: "qemu" }],
    ] as const)
      assert.equal(await refusal(type, inputs), undefined, type);
  });

  test("is among those that the sources of the plugin load", async () => {
    const loaded = new Set<string>();
    for await (const file of glob("providers/*/plugin/**/*.ts", { cwd: new URL("../..", import.meta.url) })) {
      const text = await readFile(new URL(`../../${file}`, import.meta.url), "utf8");
      for (const [statement, from, dynamic] of text.matchAll(/^import [^;]*? from "([^"]+)"|\bimport\("([^"]+)"\)/gm))
        if (!statement.startsWith("import type")) loaded.add(from ?? dynamic ?? "");
    }
    const known = new Set(OPTIONAL_PACKAGES.flat());
    assert.deepEqual([...loaded].filter((name) => known.has(name)).sort(), [...new Set(NEEDS.flatMap(([, , names]) => names))].sort());
  });
});
