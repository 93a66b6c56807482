import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { defaultCacheDir } from "../../../sdk/cache/location.ts";
import { builder } from "../../../sdk/resource/plugin/real-builder.ts";
import { imageBuildType } from "../../../sdk/resource/plugin/image-build.ts";
import { makeStack, type Stack } from "../engine.ts";
import type { Outcome } from "../engine-operation.ts";
import { during, type FleetCloud, type FleetOutputs, holdPieces, isImage } from "./cloud.ts";

/** The life of a fleet on every cloud, under the real engine. Each test continues from the state that the one before leaves. */
export function fleetScenarios(name: string, start: () => Promise<FleetCloud>): void {
  describe(`a fleet on ${name}, under the real engine`, { timeout: 900_000 }, () => {
    let cloud: FleetCloud;
    let stack: Stack;
    let home: string;
    let cacheDir = defaultCacheDir();
    let types: ReturnType<FleetCloud["types"]>;
    const userHome = () => join(home, "user");
    const show = (page: string) => stack.must("config", "set", "page", page);
    const outputs = async (): Promise<FleetOutputs> => {
      const all = await stack.outputs();
      return { ...all, version: all.launchTemplateVersion ?? all.instanceTemplate ?? all.version } as unknown as FleetOutputs;
    };
    /** Asserts that two machines run the version in the outputs, and that exactly one image and one upload exist. */
    const assertAllRun = ({ version, imageId }: FleetOutputs): void => {
      assert.deepEqual(cloud.versions(), [version, version]);
      assert.deepEqual([cloud.images().length, cloud.completedUploads().length, cloud.unfinishedUploads()], [1, 1, []]);
      assert.ok(isImage(cloud.images()[0] as string, imageId), `${cloud.images()} is not ${imageId}`);
    };

    before(async () => {
      home = await mkdtemp(join(tmpdir(), "fleet-"));
      await mkdir(userHome());
      cloud = await start();
      types = cloud.types(cacheDir);
      const env = { ...cloud.env, HOME: userHome() };
      const provider = {
        name: "linuxkit",
        version: "0.1.0",
        config: { debianMirror: "" },
        types: {
          "linuxkit:index:ImageBuild": async () => imageBuildType(builder, cacheDir),
          ...Object.fromEntries(
            Object.keys(types).map((token) => [token, async () => types[token] as NonNullable<(typeof types)[string]>]),
          ),
        },
      };
      stack = await makeStack({
        folder: fileURLToPath(new URL(`../../../examples/${cloud.example}`, import.meta.url)),
        provider,
        others: [cloud.provider],
        env,
        config: cloud.config,
      });
      // the plugin runs in this process and needs the stack's environment
      Object.assign(process.env, env);
      await show("one");
    });
    after(async () => {
      await stack[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    });

    test("up uploads and registers the image, and the group runs it", async () => {
      const up = await stack.up();
      const now = await outputs();
      assertAllRun(now);
      assert.ok(
        up.lines("kept").some((line) => /is complete: [\d.]+ MB in \d+ s \([\d.]+ MB\/s\)/.test(line)),
        up.text,
      );
      assert.ok(
        up.lines("kept").some((line) => line.includes("2 of 2 machines run the new image")),
        up.text,
      );
      await cloud.checkFirst?.(now, up, stack);
    });

    test("a second up changes nothing", async () => {
      cloud.server.requests.length = 0;
      const up = await stack.up();
      assert.deepEqual([...new Set(up.steps.map(({ op }) => op))], ["same"]);
      assert.equal(cloud.piecesSent(), 0);
    });

    test("a renamed stack and fleet, there and back, replace and upload nothing", async () => {
      const before = await outputs();
      const program = await readFile(join(stack.directory, "index.ts"), "utf8");
      const renamed = (from: string, to: string): string =>
        program
          .replace('new Fleet("web", {', `new Fleet("${to}", {`)
          .replace("\n});\n\nexport", `\n}, { aliases: [{ name: "${from}" }] });\n\nexport`);
      assert.match(renamed("web", "www"), /"www"[\s\S]*aliases/);
      const replacing = ({ steps }: Outcome) =>
        steps.filter(({ op }) => op !== "same" && op !== "update").map(({ op, urn }) => `${op} ${urn}`);
      cloud.server.requests.length = 0;
      for (const [name, from, to] of [
        ["renamed", "web", "www"],
        ["test", "www", "web"],
      ] as const) {
        await stack.must("stack", "rename", name);
        await stack.write("index.ts", renamed(from, to));
        assert.deepEqual(replacing(await stack.preview()), []);
        assert.deepEqual(replacing(await stack.up()), []);
        assert.deepEqual([...new Set((await stack.up()).steps.map(({ op }) => op))], ["same"]);
        assert.deepEqual(await outputs(), before);
        assertAllRun(before);
      }
      assert.equal(cloud.piecesSent(), 0);
      await stack.write("index.ts", program);
    });

    test("a changed page shows in the preview and replaces machines one by one, even with an empty cache and home", async () => {
      cacheDir = join(home, "cache");
      types = cloud.types(cacheDir);
      for (const folder of [userHome(), join(stack.home, "pulumi")]) {
        await rm(folder, { recursive: true });
        await mkdir(folder);
      }
      await stack.must("stack", "select", "test");
      const before = await outputs();
      await show("two");
      const preview = await stack.preview();
      assert.match(preview.text, /contents\s*: "one" => "two"/);
      cloud.server.requests.length = 0;
      const up = await stack.up();
      const now = await outputs();
      assert.ok(now.imageId !== before.imageId && now.version !== before.version, JSON.stringify([before, now]));
      assertAllRun(now);
      assert.ok(
        up.lines("kept").some((line) => line.includes("1 of 2 machines run the new image")),
        up.text,
      );
      cloud.checkChanged?.(up);
    });

    test("an image that never becomes healthy is rolled back, and every attempt fails with the reason", async () => {
      const before = await outputs();
      cloud.makeOthersUnhealthy(before);
      await show("unhealthy");
      for (const _ of [1, 2]) {
        const up = await stack.run("up", "--yes", "--skip-preview");
        assert.notEqual(up.status, 0);
        assert.match(up.text, /the rollout of "web" failed with \d of 2 machines on the new image: /);
        assert.match(up.text, cloud.unhealthyReason);
        assert.deepEqual(cloud.versions(), [before.version, before.version]);
        assert.ok(
          cloud.images().some((image) => isImage(image, before.imageId)),
          "the running image still exists",
        );
      }
      cloud.clearFaults();
      await show("two");
      await stack.up();
      const now = await outputs();
      assertAllRun(now);
      cloud.checkRecovered?.(now);
    });

    test("Ctrl-C during an upload leaves nothing of it", async () => {
      const before = cloud.completedUploads();
      await show("three");
      const held = holdPieces(cloud, 1000);
      const operation = stack.start("up", "--yes", "--skip-preview");
      await during(operation, () => held() > 0);
      operation.interrupt();
      const outcome = await operation.outcome;
      cloud.server.fault = undefined;
      assert.notEqual(outcome.status, 0);
      assert.deepEqual([cloud.completedUploads(), cloud.unfinishedUploads()], [before, []]);
      assert.deepEqual(await readdir(join(cacheDir, "uploads")), []);
    });

    test("Ctrl-C during a rollout brings the old image back", async () => {
      const before = await outputs();
      cloud.holdRollout(before);
      const operation = stack.start("up", "--yes", "--skip-preview");
      await during(operation, () => cloud.versions().some((version) => version !== before.version));
      operation.interrupt();
      const outcome = await operation.outcome;
      cloud.clearFaults();
      assert.notEqual(outcome.status, 0);
      assert.match(outcome.text, /rolling back: it was cancelled/);
      assert.deepEqual(cloud.versions(), [before.version, before.version], outcome.text);
    });

    test("after an image was deleted by hand, refresh and up register it again without an upload", async () => {
      await show("two");
      await stack.up();
      cloud.removeImage((await outputs()).imageId);
      assert.deepEqual(cloud.images(), []);
      await stack.refresh();
      cloud.server.requests.length = 0;
      await stack.up();
      assertAllRun(await outputs());
      assert.equal(cloud.piecesSent(), 0);
    });

    test("refresh tells of a machine of another version, and up rolls it", async () => {
      const { version } = await outputs();
      cloud.strayOne();
      assert.notDeepEqual(cloud.versions(), [version, version]);
      const refresh = await stack.refresh();
      // on Azure two gates look at the machines: one before the set itself is changed, and one after
      const told = new Set(refresh.lines("kept").filter((text) => / runs .+ instead of /.test(text)));
      assert.equal(told.size, 1, refresh.text);
      await stack.up();
      assertAllRun(await outputs());
    });

    test("destroy leaves nothing", async () => {
      await stack.destroy();
      assert.deepEqual(cloud.remaining(), []);
    });
  });
}
