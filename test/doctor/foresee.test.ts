import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, test } from "node:test";
import { foreseeing } from "../../providers/plugin/foreseeing.ts";
import { provider } from "../../providers/plugin/provider.ts";
import type { Asked } from "../../sdk/doctor/cloud.ts";
import { foresee } from "../../sdk/doctor/foresee.ts";
import type { AnyResourceType } from "../../sdk/plugin/provider.ts";
import { type Properties, UNKNOWN } from "../../sdk/plugin/value.ts";
import { AwsAccount } from "../support/aws/account.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { AzureAccount } from "../support/azure/account.ts";
import { GoogleProject } from "../support/gcp/project.ts";
import { AzureServer } from "../support/azure/azure-server.ts";
import { makeCertificate, trust } from "../support/azure/certificate.ts";

const certificate = await makeCertificate();
trust(certificate);
after(() => certificate[Symbol.asyncDispose]());

const SUBSCRIPTION = "99999999-8888-7777-6666-555555555555";

const asked = (type: string, more: Partial<Asked>): Asked => ({
  place: {},
  config: {},
  env: {},
  resources: [{ type, name: "web-upload", id: "", inputs: {}, outputs: {} }],
  machines: undefined,
  ...more,
});
const LONG = 60_000;
const signal = () => AbortSignal.timeout(LONG);

/** Runs with environment variables, which the clouds' clients read. */
async function withVariables(variables: Readonly<Record<string, string>>, act: () => Promise<void>): Promise<void> {
  const kept = { ...process.env };
  Object.assign(process.env, variables);
  try {
    await act();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, kept);
  }
}

describe("what a preview foresees of an upload", () => {
  test("on AWS: the rights that its own credentials lack", async () => {
    const account = new AwsAccount();
    await using server = await AwsServer.start({ resources: account });
    const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, ...rest } = server.environment;
    await withVariables(rest, async () => {
      const more = { place: { region }, access: { accessKey, secretKey } };
      const look = () => foresee("aws", asked("linuxkit:index:AwsSnapshot", more), signal(), LONG);
      assert.deepEqual(await look(), []);
      account.denied.add("ec2:RegisterImage");
      assert.deepEqual(await look(), [
        "rights: ec2:RegisterImage: the credentials may not do this: allow ec2:RegisterImage in the policy of your user or role; --policy prints all that is needed",
      ]);
    });
  });

  test("on Google Cloud: the permissions that its own credentials lack", async () => {
    await using project = new GoogleProject();
    const url = await project.start();
    const env = {
      ...{ GOOGLE_COMPUTE_CUSTOM_ENDPOINT: `${url}/compute/v1/`, GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT: `${url}/v1/` },
      ...{ GOOGLE_IAM_CUSTOM_ENDPOINT: `${url}/v1/`, STORAGE_EMULATOR_HOST: url },
    };
    const more = { place: { project: project.name }, access: { accessToken: project.token }, env };
    const look = () => foresee("gcp", asked("linuxkit:index:GcpUpload", more), signal(), LONG);
    assert.deepEqual(await look(), []);
    project.lacking.add("compute.images.create");
    const [first = "", ...others] = await look();
    assert.match(first, /^rights: compute\.images\.create: the credentials lack it on project .*: grant a role with it/);
    assert.deepEqual(others, []);
  });

  test("on Azure: the actions that its own credentials lack, and a lock on its group", async () => {
    const account = new AzureAccount();
    await using server = await AzureServer.start({ account, certificate });
    const { ARM_CLIENT_SECRET: clientSecret, ...rest } = server.environment;
    await withVariables(rest, async () => {
      const resources = [{ type: "linuxkit:index:AzureUpload", name: "web", id: "", inputs: { resourceGroupName: "rg" }, outputs: {} }];
      const more = { place: { subscription: SUBSCRIPTION }, access: { clientSecret }, resources };
      const look = () => foresee("azure", asked("", more), signal(), LONG);
      assert.deepEqual(await look(), []);
      account.grants = [{ actions: ["*/read"], notActions: [] }];
      account.locks.push({ name: "frozen", level: "ReadOnly" });
      const found = await look();
      assert.match(found.join("\n"), /^resource group: frozen: a lock[\s\S]*^rights: Microsoft\.Compute\//m);
    });
  });

  test("nothing where the cloud cannot be reached, does not answer in time, or is unknown", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const at = (url: string) =>
      asked("linuxkit:index:GcpUpload", {
        place: { project: "web" },
        access: { accessToken: "token" },
        env: { GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT: url, GOOGLE_COMPUTE_CUSTOM_ENDPOINT: url },
      });
    assert.deepEqual(await foresee("gcp", at("http://127.0.0.1:1/"), signal(), 2000), []);
    assert.deepEqual(await foresee("gcp", at(url), signal(), 50), []);
    assert.deepEqual(await foresee("gcp", at(url), AbortSignal.abort(), LONG), []);
    assert.deepEqual(await foresee("oracle", at(url), signal(), LONG), []);
    silent.closeAllConnections();
    silent.close();
  });
});

describe("a preview of an upload", () => {
  const TYPE: AnyResourceType = {
    token: "linuxkit:index:AwsSnapshot",
    create: () => assert.fail("a preview makes nothing"),
    preview: () => ({ made: 1 }),
  };
  const PLACE = { cloud: "aws", options: { region: "region" }, access: ["profile", "secretKey"] } as const;

  async function preview(inputs: Properties, more: object = {}) {
    const [questions, warnings]: [Asked[], string[]] = [[], []];
    const type = foreseeing(TYPE, PLACE, async (_cloud, question) => {
      questions.push(question);
      return ["rights: missing"];
    });
    const warn = (line: string) => void warnings.push(line);
    const outputs = await type.preview?.({ urn: "urn", name: "web", inputs, warn, ...more });
    assert.deepEqual(outputs, { made: 1 });
    return { questions, warnings };
  }

  test("asks with the resource's own place and credentials, and warns", async () => {
    const { questions, warnings } = await preview({ region: "eu-central-1", profile: "web", bucket: "b", digest: UNKNOWN });
    assert.deepEqual(warnings, ["rights: missing"]);
    const [{ place, access, resources } = assert.fail("nothing was asked")] = questions;
    assert.deepEqual([place, access], [{ region: "eu-central-1" }, { profile: "web" }]);
    assert.deepEqual(resources?.[0]?.inputs, { region: "eu-central-1", profile: "web", bucket: "b" });
  });

  const QUIET: Readonly<Record<string, [inputs: Properties, more?: object]>> = {
    "its region is not known": [{ region: UNKNOWN }],
    "its credentials are not known": [{ region: "eu-central-1", secretKey: UNKNOWN }],
    "it is an update in place": [{ region: "eu-central-1" }, { old: { id: "1", inputs: {}, outputs: {} } }],
    "nobody sees warnings": [{ region: "eu-central-1" }, { warn: undefined }],
  };
  for (const [what, [inputs, more]] of Object.entries(QUIET))
    test(`asks nothing where ${what}`, async () => assert.deepEqual(await preview(inputs, more), { questions: [], warnings: [] }));

  test("every cloud's upload has it", async () => {
    for (const token of ["linuxkit:index:AwsSnapshot", "linuxkit:index:GcpUpload", "linuxkit:index:AzureUpload"]) {
      const type = await provider.types[token]?.();
      assert.equal(type?.token, token);
      assert.match(String(type?.preview), /foresee/);
    }
  });
});
