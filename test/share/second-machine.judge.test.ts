import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { build } from "../../sdk/builder/build.ts";
import { Image } from "../../sdk/definition/image.ts";
import { buildIn } from "../support/case-build.ts";
import { conformanceImages, serveImages } from "../support/conformance-images.ts";
import { DOCKER_REGISTRY_LOGIN, DockerRegistry } from "../support/docker-registry.ts";
import { scratch } from "../support/judge.ts";
import { TestRegistry } from "../support/registry.ts";
import { buildWithoutCompressors } from "../support/second-machine.ts";

const YAML = `
kernel: {image: "conf/kernel:1", cmdline: "console=ttyS0"}
init: ["conf/init:1"]
services: [{name: web, image: "conf/web:1"}, {name: tool, image: "conf/tool:1"}]
`;

describe("a second computer with Debian's docker-registry as the cache", () => {
  for (const login of [undefined, DOCKER_REGISTRY_LOGIN]) {
    test(`builds the same artifact without compressing, ${login ? "with a token login" : "without a login"}`, {
      timeout: 300_000,
    }, async () => {
      await using registry = await DockerRegistry.start({ login: login !== undefined });
      await using upstream = await TestRegistry.start();
      await using folder = await scratch();
      serveImages(await conformanceImages(), upstream);
      const cache = `${registry.host}/team/cache`;
      const image = Image.fromYaml(YAML);
      const on = (machine: string) => ({
        ...buildIn(join(folder.path, machine)),
        formats: ["kernel+initrd", "tar-kernel-initrd", "kernel+erofs"] as const,
        registryMirrors: { "docker.io": upstream.url },
      });

      const first = await build(image, { ...on("first"), registryAuth: async () => login, cache: { from: cache, to: cache } });
      const layers = upstream.seen(/^GET .*\/blobs\//).length;
      const second = await buildWithoutCompressors(image.spec, { ...on("second"), lock: first.lock, cache: { from: cache } }, login);
      assert.equal(second.digest, first.digest);
      assert.deepEqual(
        second.files.map(({ name, sha256 }) => [name, sha256]),
        first.files.map(({ name, sha256 }) => [name, sha256]),
      );
      // only the images' configurations were fetched, no layers
      assert.equal(upstream.seen(/^GET .*\/blobs\//).length - layers, 4);
      // without the cache the build fails, as the compressors are gone
      await assert.rejects(
        buildWithoutCompressors(image.spec, { ...on("third"), lock: first.lock }, login),
        /this machine does not compress: create(Zstd|DeflateRaw)/i,
      );
    });
  }
});
