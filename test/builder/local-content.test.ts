import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import type { Definition, FileSpec } from "../../sdk/definition/definition.ts";
import { INLINE_LIMIT, readLocalFile } from "../../sdk/builder/local-content.ts";
import { localImages } from "../../sdk/resource/local-images.ts";

const projectDir = await mkdtemp(join(tmpdir(), "linuxkit-project-"));
after(() => rm(projectDir, { recursive: true, force: true }));
const places = { projectDir, store: new BlobStore(join(projectDir, "cache")) };
const file = (rest: Partial<FileSpec>): FileSpec => ({ path: "/etc/x", mode: "0644", uid: 0, gid: 0, ...rest });

describe("files", () => {
  test("small text is kept in the definition", async () => {
    await writeFile(join(projectDir, "motd"), "é\n");
    assert.deepEqual(readLocalFile(file({ source: "motd" }), places), [file({ contents: "é\n" })]);
    assert.deepEqual(readLocalFile(file({ source: "motd", optional: true }), places), [file({ contents: "é\n" })]);
  });

  const bodies: readonly (readonly [string, Buffer])[] = [
    ["a large text", Buffer.alloc(INLINE_LIMIT + 1, "a")],
    ["a small binary file", Buffer.from([0xff, 0xfe])],
  ];
  for (const [name, body] of bodies) {
    test(`${name} is kept in the cache, and the definition has its sha256`, async () => {
      await writeFile(join(projectDir, "body"), body);
      const sha256 = hexOf(digestOf(body));
      assert.deepEqual(readLocalFile(file({ source: "body" }), places), [file({ sha256, size: body.length })]);
      assert.deepEqual(await readFile(places.store.path(digestOf(body))), body);
    });
  }

  test("a large literal is kept in the cache", async () => {
    const contents = `${"ß".repeat(INLINE_LIMIT / 2)}!`;
    const taken = readLocalFile(file({ contents }), places);
    assert.deepEqual(taken, [file({ sha256: hexOf(digestOf(contents)), size: INLINE_LIMIT + 1 })]);
    assert.equal(await readFile(places.store.path(digestOf(contents)), "utf8"), contents);
  });

  test("an entry without a large body is unchanged", () => {
    for (const same of [
      file({ contents: "x".repeat(INLINE_LIMIT) }),
      file({ directory: true }),
      file({ symlink: "y" }),
      file({ metadata: "json" }),
    ])
      assert.equal(readLocalFile(same, places)[0], same);
  });

  test("a missing file is left out if optional, otherwise an error with its absolute path", () => {
    assert.deepEqual(readLocalFile(file({ source: "nowhere", optional: true }), places), []);
    assert.throws(
      () => readLocalFile(file({ source: "nowhere" }), places),
      (error) => isLinuxKitError(error, "NOT_FOUND") && error.message.includes(join(projectDir, "nowhere")),
    );
    assert.throws(
      () => readLocalFile(file({ source: "/dev/null" }), places),
      (error) => isLinuxKitError(error, "NOT_FOUND"),
    );
  });
});

describe("local images", () => {
  const definition = (image: string) =>
    ({ init: [image, "nginx:1.27"], onboot: [], onshutdown: [], services: {}, volumes: {}, files: [] }) as Definition;
  const digest = digestOf("manifest");
  const layout = async (manifests: unknown) => {
    await mkdir(join(projectDir, "layout"), { recursive: true });
    await writeFile(join(projectDir, "layout", "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  };
  const named = (name: string, of = digest) => ({ digest: of, annotations: { "org.opencontainers.image.ref.name": name } });

  test("a layout is identified by its manifest's digest", async () => {
    await layout([named("v1"), named("v2", digestOf("other"))]);
    assert.deepEqual(localImages(definition("oci:./layout:v1"), projectDir), { "oci:./layout:v1": digest });
    await layout([{ digest }]);
    assert.deepEqual(localImages(definition("oci:layout"), projectDir), { "oci:layout": digest });
  });

  test("an archive is identified by its file's digest", async () => {
    await writeFile(join(projectDir, "a.tar"), "archive");
    assert.deepEqual(localImages(definition("docker-archive:a.tar"), projectDir), { "docker-archive:a.tar": digestOf("archive") });
  });

  test("a missing image is an error with its reference", async () => {
    await layout([named("v1")]);
    for (const [reference, message] of [
      ["oci:./layout:v3", /wanted one image named v3, got 0; the layout holds v1/],
      ["oci:./none:v1", /ENOENT/],
      ["docker-archive:none.tar", /ENOENT/],
    ] as const) {
      assert.throws(
        () => localImages(definition(reference), projectDir),
        (error) => isLinuxKitError(error, "NOT_FOUND") && message.test(error.message) && error.message.includes(reference),
      );
    }
  });

  test("images of registries are left out", () => assert.deepEqual(localImages(definition("docker.io/library/busybox"), projectDir), {}));
});
