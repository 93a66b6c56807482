import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { circles, closure, folderOf, importsOf, sources } from "./support/imports.ts";

/** What the plugin of every cloud may import. */
const CLOUD_PLUGIN = [
  "sdk/core",
  "sdk/cache",
  "sdk/net",
  "sdk/plugin",
  "sdk/resource/plugin",
  "sdk/rollout",
  "sdk/upload",
  "sdk/upload/plugin",
];

/**
 * Which folders each folder may import, besides itself: the data flow of docs/architecture.md, one way only.
 * A folder that has no row may not exist.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "sdk/core": [],
  "sdk/archive": ["sdk/core"],
  "sdk/cache": ["sdk/core"],
  "sdk/net": ["sdk/core"],
  "sdk/hardening": ["sdk/core"],
  "sdk/api": ["sdk/core"],
  "sdk/schema": ["sdk/core"],
  "sdk/definition": ["sdk/core", "sdk/hardening", "sdk/schema"],
  "sdk/oci": ["sdk/core", "sdk/archive", "sdk/cache", "sdk/net", "sdk/schema"],
  "sdk/debian": ["sdk/core", "sdk/archive", "sdk/cache", "sdk/net", "sdk/definition", "sdk/oci"],
  "sdk/docker": ["sdk/core", "sdk/definition", "sdk/oci", "sdk/debian"],
  "sdk/kubernetes": ["sdk/core", "sdk/api", "sdk/definition", "sdk/debian"],
  "sdk/kubernetes/plugin": ["sdk/core", "sdk/cluster/plugin", "sdk/kubernetes", "sdk/plugin"],
  "sdk/guest": ["sdk/core"],
  "sdk/runtime": ["sdk/core", "sdk/definition", "sdk/oci", "sdk/guest"],
  "sdk/resolve": ["sdk/core", "sdk/cache", "sdk/definition", "sdk/oci", "sdk/debian", "sdk/runtime"],
  "sdk/plan": ["sdk/core", "sdk/definition", "sdk/hardening", "sdk/oci", "sdk/debian", "sdk/guest", "sdk/runtime", "sdk/resolve"],
  "sdk/disk": ["sdk/core", "sdk/archive"],
  "sdk/format": ["sdk/core", "sdk/archive", "sdk/cache", "sdk/disk", "sdk/guest", "sdk/plan"],
  "sdk/builder": [
    "sdk/core",
    "sdk/archive",
    "sdk/cache",
    "sdk/definition",
    "sdk/oci",
    "sdk/debian",
    "sdk/resolve",
    "sdk/plan",
    "sdk/disk",
    "sdk/format",
    "sdk/sbom",
    "sdk/sign",
    "sdk/share",
    "sdk/upload",
    "sdk/hardening",
    "sdk/guest",
  ],
  "sdk/sbom": ["sdk/core", "sdk/schema"],
  "sdk/advisory": ["sdk/core", "sdk/debian", "sdk/policy", "sdk/sbom"],
  "sdk/sign": ["sdk/core", "sdk/cache", "sdk/oci", "sdk/schema"],
  "sdk/share": ["sdk/core", "sdk/cache", "sdk/oci", "sdk/schema", "sdk/sign"],
  "sdk/upload": ["sdk/core", "sdk/cache", "sdk/net"],
  "sdk/upload/plugin": ["sdk/core", "sdk/cache", "sdk/plugin", "sdk/resource/plugin", "sdk/upload"],
  "sdk/policy": ["sdk/core", "sdk/definition", "sdk/hardening", "sdk/oci", "sdk/sign"],
  "sdk/review": [
    "sdk/core",
    "sdk/guest",
    "sdk/advisory",
    "sdk/archive",
    "sdk/cache",
    "sdk/definition",
    "sdk/hardening",
    "sdk/oci",
    "sdk/debian",
    "sdk/resolve",
    "sdk/policy",
    "sdk/sbom",
    "sdk/upload",
  ],
  "sdk/policy-pack": ["sdk/core", "sdk/definition", "sdk/policy", "sdk/review"],
  "sdk/plugin": ["sdk/core", "sdk/schema"],
  "sdk/rollout": ["sdk/core", "sdk/plugin"],
  "sdk/cluster": ["sdk/resource"],
  "sdk/cluster/plugin": ["sdk/api", "sdk/core", "sdk/plugin"],
  "sdk/swarm/plugin": ["sdk/core", "sdk/cluster/plugin", "sdk/plugin"],
  "sdk/resource": [
    "sdk/core",
    "sdk/cache",
    "sdk/definition",
    "sdk/disk",
    "sdk/resolve",
    "sdk/format",
    "sdk/builder",
    "sdk/share",
    "sdk/sign",
    "sdk/resource/plugin",
  ],
  "sdk/resource/plugin": [
    "sdk/core",
    "sdk/api",
    "sdk/cache",
    "sdk/definition",
    "sdk/disk",
    "sdk/resolve",
    "sdk/format",
    "sdk/builder",
    "sdk/plugin",
    "sdk/share",
    "sdk/sign",
    "sdk/review",
  ],
  "sdk/machine": ["sdk/core", "sdk/definition", "sdk/format", "sdk/resource", "sdk/resource/plugin"],
  // the command line's checks of hosts and clouds look at both halves of every backend
  "sdk/doctor": [
    "sdk/core",
    "sdk/definition",
    "sdk/resource",
    "sdk/rollout",
    "providers/qemu/plugin",
    "providers/aws",
    "providers/aws/plugin",
    "providers/gcp/plugin",
    "providers/azure/plugin",
  ],
  // the command line may import everything, and nothing imports it
  "sdk/cli": [
    "sdk/core",
    "sdk/advisory",
    "sdk/api",
    "sdk/cache",
    "sdk/definition",
    "sdk/disk",
    "sdk/doctor",
    "sdk/builder",
    "sdk/format",
    "sdk/share",
    "providers/qemu",
    "providers/qemu/plugin",
    "sdk/guest",
    "sdk/hardening",
    "sdk/machine",
    "sdk/resource/plugin",
    "sdk/oci",
    "sdk/policy",
    "sdk/resolve",
    "sdk/review",
    "sdk/sbom",
    "sdk/sign",
  ],
  sdk: [
    "sdk/core",
    "sdk/docker",
    "sdk/advisory",
    "sdk/oci",
    "sdk/definition",
    "sdk/debian",
    "sdk/disk",
    "sdk/builder",
    "sdk/format",
    "sdk/plan",
    "sdk/resolve",
    "sdk/resource",
    "sdk/resource/plugin",
    "sdk/share",
    "sdk/sign",
    "sdk/hardening",
    "sdk/policy",
    "sdk/review",
  ],
  "providers/qemu": ["sdk/core", "sdk/definition", "sdk/machine", "sdk/resource", "sdk/resource/plugin", "providers/qemu/plugin"],
  "providers/qemu/plugin": [
    "sdk/core",
    "sdk/api",
    "sdk/archive",
    "sdk/cache",
    "sdk/cluster/plugin",
    "sdk/definition",
    "sdk/guest",
    "sdk/plugin",
    "sdk/resource/plugin",
    "sdk/rollout",
  ],
  "providers/swarm": ["sdk/core", "sdk/cluster", "sdk/debian", "sdk/definition", "sdk/docker", "providers/qemu"],
  "providers/aws": ["sdk/core", "sdk/definition", "sdk/oci", "sdk/machine", "sdk/resource", "sdk/rollout", "providers/aws/plugin"],
  "providers/aws/plugin": CLOUD_PLUGIN,
  "providers/gcp": ["sdk/core", "sdk/definition", "sdk/oci", "sdk/machine", "sdk/resource", "sdk/rollout", "providers/gcp/plugin"],
  "providers/gcp/plugin": CLOUD_PLUGIN,
  "providers/azure": ["sdk/core", "sdk/definition", "sdk/oci", "sdk/machine", "sdk/resource", "sdk/rollout", "providers/azure/plugin"],
  "providers/azure/plugin": CLOUD_PLUGIN,
  "providers/kubernetes": ["sdk/core", "sdk/definition", "sdk/kubernetes", "sdk/resource", "providers/qemu"],
  "providers/plugin": [
    "sdk/core",
    "sdk/kubernetes/plugin",
    "sdk/cluster/plugin",
    "sdk/swarm/plugin",
    "sdk/doctor",
    "sdk/plugin",
    "sdk/resource/plugin",
    "providers/qemu/plugin",
    "providers/aws/plugin",
    "providers/gcp/plugin",
    "providers/azure/plugin",
  ],
};

/** Packages from outside that a folder may load. */
const MAY_LOAD: Readonly<Record<string, readonly string[]>> = {
  "sdk/schema": ["zod"],
  "sdk/definition": ["zod", "yaml", "@pulumi/pulumi"],
  "sdk/oci": ["zod"],
  "sdk/guest": ["zod"],
  "sdk/sbom": ["zod"],
  "sdk/advisory": ["zod"],
  "sdk/share": ["zod"],
  "sdk/sign": ["zod"],
  "sdk/docker": ["zod"],
  "sdk/debian": ["zod", "openpgp", "xz-decompress"],
  "sdk/plugin": ["zod", "@pulumi/pulumi", "@grpc/grpc-js", "google-protobuf"],
  "sdk/policy-pack": ["@pulumi/policy"],
  "sdk/review": ["diff"],
  "sdk/resource": ["@pulumi/pulumi", "yaml"],
  "sdk/resource/plugin": ["zod"],
  "sdk/machine": ["@pulumi/pulumi"],
  "sdk/rollout": ["zod"],
  "sdk/cluster": ["@pulumi/pulumi"],
  "sdk/cluster/plugin": ["zod"],
  "sdk/kubernetes/plugin": ["zod"],
  "sdk/swarm/plugin": ["zod"],
  "sdk/upload/plugin": ["zod"],
  "sdk/doctor": ["yaml", "@aws-sdk/client-auto-scaling", "@aws-sdk/client-ec2", "@aws-sdk/client-service-quotas"],
  "sdk/cli": ["yaml"],
  "providers/kubernetes": ["@pulumi/pulumi"],
  "providers/qemu": ["@pulumi/pulumi"],
  "providers/swarm": ["@pulumi/pulumi"],
  "providers/qemu/plugin": ["zod"],
  "providers/aws": ["@pulumi/pulumi", "@pulumi/aws", "@aws-sdk/client-ecr"],
  "providers/aws/plugin": ["zod", "@aws-sdk/client-ebs", "@aws-sdk/client-ec2", "@aws-sdk/client-sts", "@aws-sdk/client-auto-scaling"],
  "providers/gcp": ["@pulumi/pulumi", "@pulumi/gcp"],
  "providers/gcp/plugin": ["zod", "google-auth-library"],
  "providers/azure": ["@pulumi/pulumi", "@pulumi/azure-native"],
  "providers/azure/plugin": ["zod", "@azure/identity"],
};

/** The modules that a user's program imports. */
const PROGRAM = [
  "sdk/index.ts",
  "sdk/policy-pack/index.ts",
  ...["qemu", "aws", "gcp", "azure", "kubernetes", "swarm"].map((backend) => `providers/${backend}/index.ts`),
];

/** The module that the engine starts. */
const PLUGIN = "providers/plugin/main.ts";

/** The plugin's files are in folders of that name. */
const isPlugin = (file: string): boolean => file.split("/").slice(0, -1).includes("plugin");

/** The program's files: the other folders that use Pulumi. Everything else belongs to both. */
const isProgram = (file: string): boolean =>
  !isPlugin(file) && !isFacts(file) && /^(?:providers|sdk\/(?:resource|machine|cluster))\//.test(file);

/** What a cloud's machines can do, as plain functions over a table: both halves read it, and it loads neither. */
const isFacts = (file: string): boolean => /^providers\/\w+\/[\w-]+-facts\.ts$/.test(file);

/**
 * Program code that may load plugin code, and only when it is called: a login to a cloud's registry runs wherever a
 * build runs, and uses the plugin's client for the cloud.
 */
const ON_CALL = /^providers\/\w+\/registry\//;

describe("imports go one way", async () => {
  const files = await sources();

  test("there are sources of both halves", () => {
    assert.ok(files.filter(isPlugin).length > 50 && files.filter(isProgram).length > 50);
  });

  for (const file of files) {
    test(file, () => {
      const folder = folderOf(file);
      const allowed = MAY_IMPORT[folder];
      assert.ok(allowed, `${folder} has no row in this table`);
      const wrong: string[] = [];
      for (const { target, name } of importsOf(file)) {
        if (target !== undefined) {
          const to = folderOf(target);
          if ((to !== folder && !allowed.includes(to)) || target === "sdk/index.ts") wrong.push(name);
        } else if (!name.startsWith("node:")) {
          const pkg = name
            .split("/")
            .slice(0, name.startsWith("@") ? 2 : 1)
            .join("/");
          // the SDK's own index loads everything, 60 MB more in every program; two of its modules are enough
          if (!MAY_LOAD[folder]?.includes(pkg) || name === "@pulumi/pulumi") wrong.push(name);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
});

describe("the program and the plugin are two processes", async () => {
  const files = await sources();

  for (const entry of PROGRAM) {
    test(`${entry} loads no plugin code`, () => assert.deepEqual([...closure(entry)].filter(isPlugin), []));
  }

  test("facts load neither half", () => {
    const facts = files.filter(isFacts);
    assert.ok(facts.length > 0);
    for (const file of facts)
      assert.deepEqual(
        [...closure(file, { onCall: true })].filter((one) => isPlugin(one) || isProgram(one)),
        [],
      );
  });

  test("the plugin loads no program code", () => assert.deepEqual([...closure(PLUGIN, { onCall: true })].filter(isProgram), []));

  test("no file imports a value of the other half", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(
          ({ target, isType }) =>
            target !== undefined && !isType && ((isProgram(file) && isPlugin(target)) || (isPlugin(file) && isProgram(target))),
        )
        .filter(({ isDynamic }) => !(isDynamic && ON_CALL.test(file)))
        .map(({ name }) => `${file}: ${name}`),
    );
    assert.deepEqual(wrong, []);
  });

  test("every file of the plugin half is reached from the plugin, the command or a login", () => {
    const reached = new Set([
      ...closure(PLUGIN, { onCall: true, types: true }),
      ...closure("sdk/cli/main.ts", { onCall: true, types: true }),
      ...files.filter((file) => ON_CALL.test(file)).flatMap((file) => [...closure(file, { onCall: true, types: true })]),
    ]);
    assert.deepEqual(
      files.filter((file) => isPlugin(file) && !reached.has(file)),
      [],
    );
  });
});

describe("no imports go in a circle", () => {
  const graphs: readonly {
    readonly name: string;
    readonly imports: Readonly<Record<string, readonly string[]>>;
    readonly found: readonly string[][];
  }[] = [
    { name: "a chain", imports: { a: ["b"], b: ["c"], c: [] }, found: [] },
    { name: "two ways to one file", imports: { a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, found: [] },
    { name: "two files that import each other", imports: { a: ["b"], b: ["c"], c: ["b"] }, found: [["b", "c"]] },
    {
      name: "a circle of three beside one of two",
      imports: { a: ["b"], b: ["c"], c: ["a"], d: ["e", "a"], e: ["d"] },
      found: [
        ["a", "b", "c"],
        ["d", "e"],
      ],
    },
  ];
  for (const { name, imports, found } of graphs) {
    test(`of ${name} it finds ${found.length}`, () =>
      assert.deepEqual(
        circles(Object.keys(imports), (file) => imports[file] ?? []),
        found,
      ));
  }

  test("the sources have none, types included", async () => assert.deepEqual(circles(await sources()), []));
});
