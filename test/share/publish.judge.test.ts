import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { build } from "../../sdk/builder/build.ts";
import { pull } from "../../sdk/builder/pull.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import { Image } from "../../sdk/definition/image.ts";
import { buildIn } from "../support/case-build.ts";
import { conformanceImages, serveImages } from "../support/conformance-images.ts";
import { DOCKER_REGISTRY_LOGIN, DockerRegistry } from "../support/docker-registry.ts";
import { withGoProgram } from "../support/go-program.ts";
import { scratch } from "../support/judge.ts";
import { TestRegistry } from "../support/registry.ts";
import { mustRun, runTool } from "../support/run-tool.ts";

await withGoProgram("cosign");

const pem = () =>
  generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
const [own, other] = [pem(), pem()];
const os = Image.fromYaml(`kernel: {image: "conf/kernel:1", cmdline: "console=ttyS0"}\ninit: ["conf/init:1"]\n`);

describe("an operating system in Debian's docker-registry is verified by cosign and copied by skopeo", () => {
  for (const login of [undefined, DOCKER_REGISTRY_LOGIN]) {
    test(login ? "with a token login" : "without a login", { timeout: 300_000 }, async () => {
      await using registry = await DockerRegistry.start({ login: login !== undefined });
      await using upstream = await TestRegistry.start();
      await using folder = await scratch();
      serveImages(await conformanceImages(), upstream);
      // HOME and DOCKER_CONFIG keep the user's own cosign files and logins out of the test
      const auth = login && Buffer.from(`${login.username}:${login.password}`).toString("base64");
      await mkdir(join(folder.path, ".docker"));
      await writeFile(join(folder.path, ".docker", "config.json"), JSON.stringify({ auths: auth ? { [registry.host]: { auth } } : {} }));
      Object.assign(process.env, { HOME: folder.path, DOCKER_CONFIG: join(folder.path, ".docker"), COSIGN_PASSWORD: "" });
      await writeFile(join(folder.path, "own.pub"), own.publicKey);
      await writeFile(join(folder.path, "other.pub"), other.publicKey);

      const told: Progress[] = [];
      const options = {
        ...buildIn(folder.path, { outputDir: join(folder.path, "out"), registryMirrors: { "docker.io": upstream.url } }),
        registryAuth: async () => login,
      };
      const reference = `${registry.host}/team/os:1`;
      const published = {
        ...options,
        cache: { to: `${registry.host}/team/cache` },
        push: { to: reference, sign: own.privateKey },
        onProgress: (progress: Progress) => void told.push(progress),
      };
      const built = await build(os, published);
      const digest = built.pushed?.split("@")[1] ?? "";

      // cosign verifies the signatures of the index and of its manifest, in both forms, and refuses another key
      const verify = (key: string, ...more: string[]) =>
        runTool("cosign", "verify", "--key", join(folder.path, key), "--insecure-ignore-tlog", "--allow-http-registry", ...more);
      // (cosign does not ask a token server on loopback)
      for (const form of login ? [] : ["--new-bundle-format=true", "--new-bundle-format=false"]) {
        const right = await verify("own.pub", form, reference);
        assert.equal(right.status, 0, right.output);
        assert.match(right.output, new RegExp(digest));
      }
      if (!login) assert.notEqual((await verify("other.pub", reference)).status, 0);

      // skopeo copies the index unchanged to a layout, and from there to another repository
      const credentials = (side: string) => [`--${side}tls-verify=false`, ...(login ? [`--${side}creds=user:pass`] : [])];
      const raw = JSON.parse(await mustRun("skopeo", "inspect", "--raw", ...credentials(""), `docker://${reference}`));
      assert.equal(raw.manifests.length, 1);
      if (!login) assert.equal((await verify("own.pub", `${registry.host}/team/os@${raw.manifests[0].digest}`)).status, 0);
      await mustRun(
        "skopeo",
        "copy",
        "--all",
        "--preserve-digests",
        ...credentials("src-"),
        `docker://${reference}`,
        `oci:${folder.path}/layout:1`,
      );
      const layout = JSON.parse(await readFile(join(folder.path, "layout", "index.json"), "utf8"));
      assert.deepEqual(
        layout.manifests.map((one: { digest: string }) => one.digest),
        [digest],
      );
      await mustRun(
        "skopeo",
        "copy",
        "--all",
        "--preserve-digests",
        ...credentials("dest-"),
        `oci:${folder.path}/layout:1`,
        `docker://${registry.host}/elsewhere:2`,
      );

      const get = (from: string, more: object = {}) =>
        pull(from, { outputDir: join(folder.path, "pulled"), registryAuth: async () => login, ...more });
      for (const [from, more] of [
        [built.pushed ?? "", { verify: { [registry.host]: own.publicKey } }],
        [`${registry.host}/elsewhere@${digest}`, {}],
      ] as const) {
        const pulled = await get(from, more);
        assert.equal(pulled.digest, built.digest);
        assert.equal(pulled.planDigest, built.planDigest);
      }
      await assert.rejects(get(built.pushed ?? "", { verify: { [registry.host]: other.publicKey } }), { code: "SIGNATURE_INVALID" });
      await assert.rejects(get(`${registry.host}/elsewhere@${digest}`, { verify: { [registry.host]: own.publicKey } }), {
        code: "SIGNATURE_INVALID",
        message: /it is not signed/,
      });

      // a second push sends nothing and gives the same digest
      const pushes = told.filter(({ stage, done }) => stage === "push" && done !== undefined).length;
      assert.ok(pushes > 0);
      assert.equal((await build(os, published)).pushed, built.pushed);
      assert.equal(told.filter(({ stage, done }) => stage === "push" && done !== undefined).length, pushes);
    });
  }
});
