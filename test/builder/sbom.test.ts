import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileEntry } from "../../sdk/archive/entry.ts";
import type { BuildOptions } from "../../sdk/builder/build.ts";
import { createPlan } from "../../sdk/plan/create-plan.ts";
import { debianSbom } from "../../sdk/builder/sbom.ts";
import { Image } from "../../sdk/definition/image.ts";
import { debian } from "../../sdk/debian/images.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { resolve } from "../../sdk/resolve/resolve.ts";
import { buildTree } from "../support/case-build.ts";
import { TestRegistry } from "../support/registry.ts";
import { checkSpdx } from "../support/spdx.ts";
import { addImage } from "../support/test-image.ts";

const registry = await TestRegistry.start();
const folder = await mkdtemp(join(tmpdir(), "sbom-"));
after(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const apk = fileEntry("lib/apk/db/installed", "P:busybox\nV:1.36-r1\nA:x86_64\n\n");
const status = fileEntry("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n");
await addImage(registry, "init", [[apk, fileEntry("etc/os-release", "ID=alpine\nVERSION_ID=3.20\n")]], { tags: ["1"] });
const manifest = await addImage(registry, "web", [[status]], { config: { Cmd: ["/web"] } });
const statement = registry.addBlob(
  "web",
  Buffer.from(
    JSON.stringify({
      predicateType: "https://spdx.dev/Document",
      predicate: {
        spdxVersion: "SPDX-2.3",
        packages: [{ SPDXID: "SPDXRef-go", name: "stdlib", downloadLocation: "NOASSERTION" }],
        files: [{ SPDXID: "SPDXRef-web", fileName: "/web", checksums: [] }],
        relationships: [
          { spdxElementId: "SPDXRef-DOCUMENT", relatedSpdxElement: "SPDXRef-go", relationshipType: "DESCRIBES" },
          { spdxElementId: "SPDXRef-go", relatedSpdxElement: "SPDXRef-web", relationshipType: "CONTAINS" },
        ],
      },
    }),
  ),
);
const attestation = registry.addManifest("web", {
  schemaVersion: 2,
  mediaType: MEDIA_TYPE.ociManifest,
  config: { mediaType: MEDIA_TYPE.ociConfig, ...registry.addBlob("web", Buffer.from("{}")) },
  layers: [
    {
      mediaType: "application/vnd.in-toto+json",
      ...registry.addBlob("web", Buffer.from("{}")),
      annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" },
    },
    { mediaType: "application/vnd.in-toto+json", ...statement, annotations: { "in-toto.io/predicate-type": "https://spdx.dev/Document" } },
  ],
} as object);
registry.addManifest(
  "web",
  {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociIndex,
    manifests: [
      { ...manifest, platform: { os: "linux", architecture: "amd64" } },
      {
        ...attestation,
        platform: { os: "unknown", architecture: "unknown" },
        annotations: { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": manifest.digest },
      },
    ],
  } as object,
  "1",
);

const YAML = `init: ["${registry.host}/init:1"]\nservices: [{name: web, image: "${registry.host}/web:1"}]\n`;

async function sbomOf(name: string, options: Partial<BuildOptions> = {}) {
  const { built, tree } = await buildTree(YAML, folder, { name, ...options });
  const file = built.files.find(({ role }) => role === "sbom");
  return { built, tree, text: file ? await readFile(file.path, "utf8") : undefined };
}

test("the SBOM is written next to the artifact, with attested software and packages from databases", async () => {
  const { text, tree, built } = await sbomOf("os");
  assert.deepEqual(
    built.files.map(({ name, role }) => [name, role]),
    [
      ["os.tar", "image"],
      ["os-sbom.spdx.json", "sbom"],
    ],
  );
  const { packages, files } = checkSpdx(text ?? "");
  assert.deepEqual(
    packages.map(({ name, externalRefs }) => [
      name.replace(registry.host, "HOST"),
      externalRefs?.[0]?.referenceLocator.replace(/sha256:\w+|127[^&/]*/g, "…"),
    ]),
    [
      ["os", undefined],
      ["HOST/init:1", "pkg:oci/init@…?repository_url=…&tag=1"],
      ["busybox", "pkg:apk/alpine/busybox@1.36-r1?arch=x86_64&distro=alpine-3.20"],
      ["HOST/web:1", "pkg:oci/web@…?repository_url=…&tag=1"],
      ["stdlib", undefined],
      ["base-files", "pkg:deb/debian/base-files@12.4?arch=amd64&distro=debian"],
    ],
  );
  assert.deepEqual(
    files?.map(({ fileName }) => fileName),
    ["./containers/services/web/lower/web"],
  );
  assert.deepEqual(
    Object.keys(tree).filter((path) => /spdx/.test(path)),
    [],
  );
  assert.equal(built.digest, `sha256:${built.files[0]?.sha256}`);
});

test("the SBOM is the same with a lock, with a cache, and without either", async () => {
  const first = await sbomOf("os");
  for (const options of [
    { lock: first.built.lock },
    { lock: first.built.lock, cacheDir: join(folder, "other") },
    { cacheDir: join(folder, "third") },
  ]) {
    assert.equal((await sbomOf("again", options)).text, first.text);
  }
});

test("with a path, the SBOM is also in the OS and part of the plan", async () => {
  const plain = await sbomOf("os");
  const { text, tree, built } = await sbomOf("inside", { sbom: { path: "/usr/share/sbom.spdx.json" } });
  assert.equal(text, plain.text);
  assert.equal(tree["usr/share/sbom.spdx.json"]?.sha256, built.files.find(({ role }) => role === "sbom")?.sha256);
  assert.notEqual(built.planDigest, plain.built.planDigest);
});

test("sbom: false writes no SBOM", async () => {
  assert.equal((await sbomOf("without", { sbom: false })).text, undefined);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith("without")),
    ["without.tar"],
  );
});

describe("the SBOM of Debian packages", () => {
  test("needs no network, and has the URL of each package", async () => {
    const image = new Image({ init: [debian.init()], services: [] });
    const resolved = await resolve(image.spec, {
      arch: "amd64",
      sources: {
        lockDebian: async ({ debian: { packages } }) => ({
          packages: packages.map((name) => ({
            name,
            version: "1:2+3",
            architecture: "amd64",
            filename: "x",
            size: 1,
            sha256: "a".repeat(64),
            archive: "debian",
            keep: "slim",
          })),
        }),
        findImage: () => assert.fail("no image"),
        readAccounts: () => assert.fail("no users"),
        findLayout: () => assert.fail("no layout"),
      },
    });
    const { packages } = checkSpdx(debianSbom(createPlan(resolved, () => "")));
    assert.deepEqual(
      packages.flatMap(({ externalRefs = [] }) => externalRefs.map(({ referenceLocator }) => referenceLocator)),
      ["pkg:deb/debian/crun@1:2%2B3?arch=amd64&distro=debian-12"],
    );
  });
});
