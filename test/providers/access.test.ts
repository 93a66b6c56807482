import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import { Provider as AzureProvider } from "@pulumi/azure-native/provider.js";
import { Provider as GcpProvider } from "@pulumi/gcp/provider.js";
import { type ComponentResourceOptions, type ProviderResource, runtime } from "@pulumi/pulumi";
import { debian, Image, Kernel } from "../../sdk/index.ts";
import * as aws from "../../providers/aws/index.ts";
import * as azure from "../../providers/azure/index.ts";
import * as gcp from "../../providers/gcp/index.ts";

const SUBNET = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s";
const os = new Image({ kernel: new Kernel({ image: debian.kernel(), cmdline: "" }), init: [debian.init()], healthPort: 8080 });
const CONFIG = {
  "aws:profile": "config",
  "aws:secretKey": "c-secret",
  "aws:accessKey": "c-key",
  "aws:assumeRoles": JSON.stringify([{ roleArn: "arn:config" }]),
  "gcp:accessToken": "of-the-config",
  "gcp:impersonateServiceAccount": "config@p",
  "azure-native:clientId": "config-id",
  "azure-native:clientSecret": "config-secret",
  "azure-native:useOidc": "true",
};
const CLIENT = { subscriptionId: "s", tenantId: "own-tenant", clientId: "c", objectId: "o" };
/** The engine's mark of a secret. */
const SECRET = "4dabf18193072939515e22adb298388d";

interface Row {
  readonly cloud: string;
  /** What of who asks there is to be said. */
  readonly names: readonly string[];
  readonly fleet: (
    name: string,
    args: object,
    options?: ComponentResourceOptions,
  ) => { readonly nodes: { readonly gate: { readonly id: { apply(done: (value: unknown) => void): unknown } } } };
  readonly secrets: readonly string[];
  readonly configured: Readonly<Record<string, unknown>>;
  readonly explicit: { readonly provider: (name: string) => ProviderResource; readonly wanted: Readonly<Record<string, unknown>> };
  readonly named: { readonly args: object; readonly wanted: Readonly<Record<string, unknown>> };
}

const ROWS: readonly Row[] = [
  {
    cloud: "AWS",
    names: ["profile", "accessKey", "secretKey", "token", "assumeRole"],
    fleet: (name, args, options) =>
      new aws.Fleet(name, { image: os, count: 1, instanceType: "t3.micro", subnetIds: ["subnet-1"], ...args }, options),
    secrets: ["accessKey", "secretKey", "token"],
    configured: { profile: "config", accessKey: "c-key", secretKey: "c-secret", assumeRole: [{ roleArn: "arn:config" }] },
    explicit: {
      provider: (name) =>
        new AwsProvider(name, {
          region: "eu-west-1",
          profile: "mine",
          token: "t",
          assumeRoles: [
            { roleArn: "arn:one", duration: "1h" },
            { roleArn: "arn:two", externalId: "x", tags: { a: "b" } },
          ],
        }),
      wanted: {
        profile: "mine",
        token: "t",
        assumeRole: [{ roleArn: "arn:one" }, { roleArn: "arn:two", externalId: "x", tags: { a: "b" } }],
      },
    },
    named: {
      args: { accessKey: "k", secretKey: "s", assumeRole: { roleArn: "arn:arg" } },
      wanted: { accessKey: "k", secretKey: "s", assumeRole: { roleArn: "arn:arg" } },
    },
  },
  {
    cloud: "Google Cloud",
    names: ["credentials", "accessToken", "impersonateServiceAccount"],
    fleet: (name, args, options) => new gcp.Fleet(name, { image: os, count: 1, instanceType: "e", bucket: "images", ...args }, options),
    secrets: ["credentials", "accessToken", "impersonateServiceAccount"],
    configured: { accessToken: "of-the-config", impersonateServiceAccount: "config@p" },
    explicit: { provider: (name) => new GcpProvider(name, { project: "p", credentials: "key.json" }), wanted: { credentials: "key.json" } },
    named: { args: { impersonateServiceAccount: "me@p" }, wanted: { impersonateServiceAccount: "me@p" } },
  },
  {
    cloud: "Azure",
    names: [
      "environment",
      "metadataHost",
      "tenantId",
      "clientId",
      "clientSecret",
      "clientCertificatePath",
      "clientCertificatePassword",
      "useOidc",
      "oidcToken",
      "oidcTokenFilePath",
      "oidcRequestUrl",
      "oidcRequestToken",
      "useMsi",
    ],
    fleet: (name, args, options) =>
      new azure.Fleet(name, { image: os, count: 1, instanceType: "e", resourceGroupName: "rg", subnetId: SUBNET, ...args }, options),
    secrets: ["clientSecret", "oidcToken"],
    configured: { tenantId: "own-tenant", clientId: "config-id", clientSecret: "config-secret", useOidc: true },
    explicit: {
      provider: (name) => new AzureProvider(name, { clientId: "mine", clientSecret: "hush", environment: "china", useMsi: false }),
      wanted: { tenantId: "own-tenant", clientId: "mine", clientSecret: "hush", environment: "china", useMsi: false },
    },
    // where it is asked is taken from the provider still, but no secret of another application
    named: {
      args: { clientId: "arg", oidcToken: "t" },
      wanted: { tenantId: "own-tenant", clientId: "arg", oidcToken: "t", environment: "china" },
    },
  },
];

describe("uploads and gates ask as the stack's own provider of the cloud does", () => {
  /** What was marked as a secret. */
  const hidden = new Set<string>();
  const asked = new Map<string, Record<string, unknown>>();
  before(async () => {
    await runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          asked.set(`${type.split(":").at(-1)} ${name}`, inputs);
          const files = [".raw", ".img.tar.gz", ".vhd"].map((suffix) => ({
            role: "image",
            name: `x${suffix}`,
            size: 1,
            sha256: "b".repeat(64),
            blocks: "",
          }));
          const build = { digest: `sha256:${"a".repeat(64)}`, arch: "amd64", path: "/cache", files };
          return {
            id: `${name}-id`,
            state: { ...inputs, name, latestVersion: 1, snapshotId: "snap-12345678", ...(type === "linuxkit:index:ImageBuild" && build) },
          };
        },
        call: ({ token }) =>
          token.startsWith("azure")
            ? CLIENT
            : { number: "1", project: "p", region: "r", zone: "z", names: ["a"], accountId: "123456789012" },
      },
      "project",
      "stack",
      false,
    );
    runtime.setAllConfig(CONFIG, ["aws:assumeRoles"]);
  });

  for (const { cloud, names, fleet, secrets, configured, explicit, named } of ROWS) {
    /** What of who asks an upload and a gate are given. */
    const accessOf = async (args: object, provider?: ProviderResource) => {
      asked.clear();
      hidden.clear();
      const { nodes } = fleet("web", args, provider && { providers: [provider] });
      await new Promise((resolve) => nodes.gate.id.apply(resolve));
      const [upload, gate] = [/^(AwsSnapshot|GcpUpload|AzureUpload) /, /^RolloutGate web-gate/].map((pattern) => {
        const [, inputs] = [...asked].find(([key]) => pattern.test(key)) ?? assert.fail([...asked.keys()].join());
        return Object.fromEntries(
          names.flatMap((name) => {
            const value = inputs[name] as { value?: unknown } | undefined;
            if (value === undefined) return [];
            const isSecret = Object(value)[SECRET] !== undefined;
            assert.ok(isSecret || !secrets.includes(name), `${name} is no secret`);
            if (isSecret) hidden.add(name);
            return [[name, isSecret ? value.value : value]];
          }),
        );
      });
      assert.deepEqual(gate, upload);
      return upload;
    };

    describe(cloud, () => {
      test("as the stack's configuration says, and what is a secret there is one here", async () => {
        assert.deepEqual(await accessOf({}), configured);
        assert.equal(hidden.has("assumeRole"), cloud === "AWS");
      });
      test("as an explicit provider says, and not as the configuration does", async () =>
        assert.deepEqual(await accessOf({}, explicit.provider(`${cloud}-mine`)), explicit.wanted));
      test("as the component's arguments say before all", async () =>
        assert.deepEqual(await accessOf(named.args, explicit.provider(`${cloud}-other`)), named.wanted));
    });
  }
});
