import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { posix } from "node:path";
import { describe, test } from "node:test";

/**
 * Which folders each folder may import, besides itself: the data flow of docs/architecture.md, one way only.
 * A folder that is not listed may not exist.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "sdk/core": [],
  "sdk/archive": ["sdk/core"],
  "sdk/cache": ["sdk/core"],
  "sdk/net": ["sdk/core"],
  "sdk/hardening": ["sdk/core"],
  "sdk/definition": ["sdk/core", "sdk/hardening"],
  "sdk/oci": ["sdk/core", "sdk/archive", "sdk/cache", "sdk/net"],
  "sdk/debian": ["sdk/core", "sdk/archive", "sdk/cache", "sdk/net", "sdk/definition", "sdk/oci"],
  "sdk/guest": [],
  "sdk/runtime": ["sdk/core", "sdk/definition", "sdk/oci", "sdk/guest"],
  "sdk/resolve": ["sdk/core", "sdk/cache", "sdk/definition", "sdk/oci", "sdk/debian", "sdk/runtime"],
  "sdk/plan": ["sdk/core", "sdk/definition", "sdk/hardening", "sdk/oci", "sdk/debian", "sdk/guest", "sdk/runtime", "sdk/resolve"],
  "sdk/disk": ["sdk/core", "sdk/archive"],
  "sdk/format": ["sdk/core", "sdk/archive", "sdk/cache", "sdk/disk", "sdk/guest", "sdk/plan"],
  "sdk/build": ["sdk/core", "sdk/archive", "sdk/cache", "sdk/definition", "sdk/oci", "sdk/debian", "sdk/resolve", "sdk/plan", "sdk/disk", "sdk/format", "sdk/sbom", "sdk/sign", "sdk/share", "sdk/upload", "sdk/hardening"],
  "sdk/sbom": ["sdk/core"],
  "sdk/sign": ["sdk/core", "sdk/cache", "sdk/oci"],
  "sdk/share": ["sdk/core", "sdk/cache", "sdk/oci", "sdk/sign"],
  "sdk/upload": ["sdk/core", "sdk/cache", "sdk/net"],
  "sdk/policy": ["sdk/core", "sdk/definition", "sdk/hardening", "sdk/oci", "sdk/sign"],
  "sdk/plugin": ["sdk/core"],
  "sdk/resource": ["sdk/core", "sdk/cache", "sdk/definition", "sdk/disk", "sdk/resolve", "sdk/plan", "sdk/format", "sdk/build", "sdk/plugin", "sdk/share", "sdk/sign"],
  // the command line stands above everything, and nothing imports it
  "sdk/cli": ["sdk/core", "sdk/cache", "sdk/definition", "sdk/disk", "sdk/build", "sdk/format", "sdk/share", "providers/qemu", "sdk/hardening", "sdk/policy", "sdk/sign"],
  sdk: ["sdk/core", "sdk/oci", "sdk/definition", "sdk/debian", "sdk/disk", "sdk/build", "sdk/format", "sdk/plan", "sdk/resolve", "sdk/resource", "sdk/share", "sdk/sign", "sdk/hardening", "sdk/policy"],
  "providers/qemu": ["sdk", "sdk/core", "sdk/archive", "sdk/cache", "sdk/guest", "sdk/plugin", "sdk/resource", "sdk/upload"],
  "providers/aws": ["sdk", "sdk/core", "sdk/cache", "sdk/plugin", "sdk/resource", "sdk/upload"],
  "providers/gcp": ["sdk", "sdk/core", "sdk/cache", "sdk/net", "sdk/plugin", "sdk/resource", "sdk/upload"],
  "providers/azure": ["sdk", "sdk/core", "sdk/cache", "sdk/net", "sdk/plugin", "sdk/resource", "sdk/upload"],
  providers: ["sdk", "sdk/core", "sdk/plugin", "sdk/resource", "providers/qemu", "providers/aws", "providers/gcp", "providers/azure"],
};

/** Packages from outside that a folder may load. */
const MAY_LOAD: Readonly<Record<string, readonly string[]>> = {
  "sdk/definition": ["zod", "yaml", "@pulumi/pulumi"],
  "sdk/oci": ["zod"],
  "sdk/sbom": ["zod"],
  "sdk/share": ["zod"],
  "sdk/sign": ["zod"],
  "sdk/debian": ["zod", "openpgp", "xz-decompress"],
  "sdk/plugin": ["zod", "@pulumi/pulumi", "@grpc/grpc-js", "google-protobuf"],
  "sdk/policy": ["@pulumi/policy"],
  "sdk/resource": ["zod", "@pulumi/pulumi"],
  "sdk/cli": ["yaml"],
  "providers/qemu": ["zod", "@pulumi/pulumi"],
  "providers/aws": ["zod", "@pulumi/pulumi", "@pulumi/aws", "@aws-sdk/client-ebs", "@aws-sdk/client-ec2", "@aws-sdk/client-sts", "@aws-sdk/client-ecr", "@aws-sdk/client-auto-scaling"],
  "providers/gcp": ["zod", "@pulumi/pulumi", "@pulumi/gcp", "google-auth-library"],
  "providers/azure": ["zod", "@pulumi/pulumi", "@pulumi/azure-native", "@azure/identity"],
};

const topFolder = (file: string): string => {
  const [top, second] = posix.dirname(file).split("/") as [string, string?];
  return second ? `${top}/${second}` : top;
};

async function sources(): Promise<string[]> {
  const found: string[] = [];
  for (const top of ["sdk", "providers"]) {
    const names = await readdir(new URL(`../${top}/`, import.meta.url), { recursive: true });
    found.push(...names.filter((name) => name.endsWith(".ts")).map((name) => `${top}/${name}`));
  }
  return found.sort();
}

/** Every module that a source names: `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`. */
function imports(text: string): string[] {
  const patterns = [/^(?:import|export)\b[^"`;]*?\bfrom "([^"]+)";/gm, /^import "([^"]+)";/gm, /\bimport\("([^"]+)"\)/g];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] as string));
}

describe("imports go one way", async () => {
  const files = await sources();
  test("there are sources", () => assert.ok(files.length > 10));
  for (const file of files) {
    test(file, () => {
      const folder = topFolder(file);
      const allowed = MAY_IMPORT[folder];
      assert.ok(allowed, `${folder} is in no row of this table`);
      const wrong: string[] = [];
      for (const name of imports(readFileSync(new URL(`../${file}`, import.meta.url), "utf8"))) {
        if (name.startsWith("node:")) continue;
        if (name.startsWith(".")) {
          const target = topFolder(posix.join(posix.dirname(file), name));
          if (target !== folder && !allowed.includes(target)) wrong.push(name);
        } else {
          const pkg = name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/");
          // the SDK's own index loads all of it: 60 MB more in every program, where two of its modules do
          if (!MAY_LOAD[folder]?.includes(pkg) || name === "@pulumi/pulumi") wrong.push(name);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
});
