import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { RegistryAuth } from "../../sdk/oci/registry/credentials.ts";
import { REF_NAME } from "../../sdk/oci/layout.ts";
import { buildTree } from "../support/case-build.ts";
import { cases, treeOf, yamlOf } from "../support/conformance.ts";
import { withDifferences } from "../support/conformance-differences.ts";
import { conformanceImages, expectedTree, writeImages } from "../support/conformance-images.ts";
import { DOCKER_REGISTRY_LOGIN, DockerRegistry } from "../support/docker-registry.ts";
import { scratch } from "../support/judge.ts";
import { mustRun } from "../support/run-tool.ts";

const { username, password } = DOCKER_REGISTRY_LOGIN;

describe("every case builds from images that skopeo copied to Debian's docker-registry", () => {
  for (const login of [false, true]) {
    test(login ? "that asks for tokens" : "that asks for no login", async () => {
      await using folder = await scratch();
      await using registry = await DockerRegistry.start({ login });
      const images = await conformanceImages();
      const layout = join(folder.path, "images");
      await writeImages(images, layout);
      for (const { annotations } of images.index.manifests) {
        const reference = annotations[REF_NAME] as string;
        const target = reference.replace("docker.io", registry.host);
        await mustRun(
          "skopeo",
          "copy",
          "--all",
          "--dest-tls-verify=false",
          ...(login ? ["--dest-creds", `${username}:${password}`] : []),
          `oci:${layout}:${reference}`,
          `docker://${target}`,
        );
      }
      const registryAuth: RegistryAuth = async () => (login ? DOCKER_REGISTRY_LOGIN : undefined);
      const options = { registryMirrors: { "docker.io": `http://${registry.host}` }, registryAuth };
      for (const name of cases("accepted")) {
        const { tree } = await buildTree(yamlOf("accepted", name), folder.path, { ...options, name });
        assert.deepEqual(tree, withDifferences(name, expectedTree(treeOf(name), images)), name);
      }
      if (!login) return;
      await assert.rejects(
        buildTree(yamlOf("accepted", "minimal"), folder.path, {
          ...options,
          registryAuth: async () => undefined,
          cacheDir: join(folder.path, "other"),
        }),
        { code: "ACCESS_DENIED" },
      );
    });
  }
});
