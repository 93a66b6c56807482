import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { output, runtime } from "@pulumi/pulumi";
import { Fleet, Machine } from "../../providers/aws/index.ts";
import { SECRET_FORM } from "../../providers/aws/machine-secrets.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { Image, Kernel, Service } from "../../sdk/index.ts";
import { checkReferences, type KnownReferences } from "../../sdk/machine/secret-references.ts";
import { secretTags } from "../../sdk/machine/secret-tags.ts";

const OS = new Image({
  kernel: new Kernel({ image: "example.com/kernel:1" }),
  init: ["example.com/init:1"],
  services: [
    new Service("web", { image: "example.com/web:1", secrets: { db: "", "api.key": "" } }),
    new Service("jobs", { image: "example.com/jobs:1" }),
  ],
});

/** Inputs of each registered resource by name. */
const registered = new Map<string, Record<string, unknown>>();
let pending: Promise<void>;
let arrived: () => void;

await runtime.setMocks({
  newResource({ name, type, inputs }) {
    registered.set(name, inputs);
    if (name === "web-instance" || name === "web-template") arrived();
    const state: Record<string, Record<string, unknown>> = {
      "linuxkit:index:ImageBuild": {
        digest: "sha256:12345678",
        arch: "amd64",
        path: "/cache/1",
        files: [{ role: "image", name: "web-aws.raw", sha256: "1", size: 1, blocks: "AAAA" }],
      },
      "linuxkit:index:AwsSnapshot": { snapshotId: "snap-12345678" },
      "aws:ec2/launchTemplate:LaunchTemplate": { ...inputs, latestVersion: 1 },
    };
    return { id: `${name}-id`, state: state[type] ?? inputs };
  },
  call: () => ({ region: "eu-central-1", accountId: "123456789012" }),
});

const SECRETS = { web: { db: "secretsmanager:prod/db", "api.key": output("arn:aws:ssm:eu-central-1:123456789012:parameter/prod/api") } };
const TAGS = {
  "linuxkit.secret.web.db": "secretsmanager:prod/db",
  "linuxkit.secret.web.api.key": "arn:aws:ssm:eu-central-1:123456789012:parameter/prod/api",
};
const OPTIONS = { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 };

describe("secret references of services on AWS", () => {
  beforeEach(() => {
    registered.clear();
    ({ promise: pending, resolve: arrived } = Promise.withResolvers<void>());
  });

  test("become tags of the instance, readable in its metadata", async () => {
    new Machine("web", { image: OS, instanceType: "t3.micro", tags: { team: "a" }, secrets: SECRETS });
    await pending;
    const { tags, metadataOptions } = registered.get("web-instance") ?? {};
    assert.deepEqual(tags, { Name: "web", team: "a", ...TAGS });
    assert.deepEqual(metadataOptions, { ...OPTIONS, instanceMetadataTags: "enabled" });
  });

  test("become tags of a fleet's instances, and of nothing else", async () => {
    new Fleet("web", { image: OS, instanceType: "t3.micro", count: 1, subnetIds: ["subnet-1"], secrets: SECRETS });
    await pending;
    const { tags, tagSpecifications, metadataOptions } = registered.get("web-template") ?? {};
    assert.deepEqual(tagSpecifications, [
      { resourceType: "instance", tags: { Name: "web", ...TAGS } },
      { resourceType: "volume", tags: { Name: "web" } },
    ]);
    assert.deepEqual(tags, { Name: "web" });
    assert.deepEqual(metadataOptions, { ...OPTIONS, instanceMetadataTags: "enabled" });
  });

  test("are the only reason to put tags into the metadata", async () => {
    new Machine("web", { image: OS, instanceType: "t3.micro" });
    await pending;
    assert.deepEqual(registered.get("web-instance")?.metadataOptions, OPTIONS);
  });

  const bad: Record<string, [KnownReferences, RegExp]> = {
    "a misspelt service": [{ wbe: { db: "ssm:/a" } }, /^"web": secrets\.wbe: got "wbe", which is not a service: did you mean "web"\?$/],
    "a secret that the service does not name": [
      { web: { password: "ssm:/a" } },
      /^"web": secrets\.web\.password: got "password", which is not a secret of the service web: it declares db, api\.key$/,
    ],
    "a service without secrets": [{ jobs: { db: "ssm:/a" } }, /not a secret of the service jobs: it declares none$/],
    "a value instead of a reference": [
      { web: { db: "hunter2" } },
      /secrets\.web\.db: got text that is not a reference, wanted secretsmanager:ID, ssm:NAME or the ARN of a secret or parameter$/,
    ],
    "an ARN of another kind of resource": [{ web: { db: "arn:aws:s3:::bucket" } }, /wanted secretsmanager:ID/],
    "an empty name": [{ web: { db: "ssm:" } }, /wanted secretsmanager:ID/],
  };
  for (const [name, [references, message]] of Object.entries(bad)) {
    test(`refused: ${name}`, () => {
      assert.throws(
        () => checkReferences('"web"', references, { web: ["db", "api.key"], jobs: [] }, SECRET_FORM),
        (error) => isLinuxKitError(error, "INVALID_DEFINITION") && message.test(error.message),
      );
    });
  }
  test("without a definition, only the form of a reference is checked", () => {
    checkReferences('"web"', { other: { db: "ssm:/a" } }, undefined, SECRET_FORM);
    assert.throws(() => checkReferences('"web"', { other: { db: "hunter2" } }, undefined, SECRET_FORM), /wanted secretsmanager:ID/);
  });
  test("refused: names that do not fit into a tag key", () => {
    assert.throws(() => secretTags("m", { "a.b": { c: "ssm:/a" } }), {
      message: 'm: secrets.a.b.c: its tag would be "linuxkit.secret.a.b.c", wanted a service\'s name without "."',
    });
    assert.throws(
      () => secretTags("m", { ["s".repeat(70)]: { ["n".repeat(64)]: "ssm:/a" } }),
      /wanted at most 111 characters for both names/,
    );
  });
});
