import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { directoryEntry, fileEntry } from "../../sdk/archive/entry.ts";
import { buildDefinition } from "../../sdk/builder/build.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { Image, Service } from "../../sdk/index.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { dockerCredentials } from "../../sdk/oci/registry/credentials.ts";
import { documentSteps } from "../support/document-steps.ts";
import { imageLayout } from "../support/image-layout.ts";
import { judge, scratch } from "../support/judge.ts";

const page = (name: string): Promise<string> => readFile(fileURLToPath(new URL(`../../docs/${name}.md`, import.meta.url)), "utf8");

test("the page of private registries writes a login without Docker that a build finds", async () => {
  await using folder = await scratch();
  const step = documentSteps(await page("private-registry")).find((each) => each.kind === "run" && each.commands.includes("config.json"));
  assert.ok(step?.kind === "run");
  judge("bash", "-euc", `cd '${folder.path}'\nREGISTRY_USER=ci REGISTRY_PASSWORD='a:b "c"'\n${step.commands}`);
  const login = await dockerCredentials({ DOCKER_CONFIG: join(folder.path, ".docker") })({ registry: "registry.example.com" });
  assert.deepEqual(login, { username: "ci", password: 'a:b "c"' });
});

// moby/buildkit, docs/attestations/attestation-storage.md: an index with the image, and one manifest of the platform unknown for it
test("a service takes what the documented line of `docker buildx` writes, with or without a tag", async () => {
  await using folder = await scratch();
  const layout = join(folder.path, "app-image");
  await imageLayout(layout, [[directoryEntry("bin"), fileEntry("bin/app", "program", 0o755)]], { Cmd: ["/bin/app"] });
  const put = async (value: object) => {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = digestOf(bytes);
    await writeFile(join(layout, "blobs", "sha256", hexOf(digest)), bytes);
    return { digest, size: bytes.length };
  };
  const { manifests } = JSON.parse(await readFile(join(layout, "index.json"), "utf8")) as { manifests: { annotations?: object }[] };
  const { annotations: _, ...image } = manifests[0] ?? {};
  const config = { mediaType: MEDIA_TYPE.ociConfig, ...(await put({ os: "unknown", architecture: "unknown", config: {} })) };
  const statement = { mediaType: "application/vnd.in-toto+json", ...(await put({ _type: "https://in-toto.io/Statement/v0.1" })) };
  const attestation = await put({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers: [statement] });
  const index = await put({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociIndex,
    manifests: [
      { ...image, platform: { os: "linux", architecture: "amd64" } },
      { mediaType: MEDIA_TYPE.ociManifest, ...attestation, platform: { os: "unknown", architecture: "unknown" } },
    ],
  });
  for (const annotations of [undefined, { "org.opencontainers.image.ref.name": "latest" }]) {
    const named = { mediaType: MEDIA_TYPE.ociIndex, ...index, ...(annotations && { annotations }) };
    await writeFile(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
    const { spec } = new Image({ init: [], services: [new Service("app", { image: "oci:app-image", net: "host" })] });
    const { files } = await buildDefinition(spec, { format: "tar", outputDir: folder.path, name: "os", folder: folder.path });
    const tar = files.find(({ role }) => role === "image") ?? files[0];
    assert.match(judge("tar", "-tf", tar?.path ?? ""), /^(\.\/)?containers\/services\/app\/(rootfs|lower)\/bin\/app$/m);
  }
});
