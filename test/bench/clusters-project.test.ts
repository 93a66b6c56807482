import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { PROGRAMS } from "../../sdk/kubernetes/images.ts";
import { knownDefinition } from "../../sdk/definition/known-definition.ts";
import { definitionOf, type KeyedDefinition } from "../../sdk/definition/keyed-files.ts";
import { findProgram, runProgram } from "../../sdk/doctor/program.ts";
import { kindOfBuild, kindOfNode, nodeName } from "../../bench/clusters/nodes.ts";
import { scratch } from "../support/judge.ts";

const PROJECT = fileURLToPath(new URL("../../bench/clusters/project/", import.meta.url));

describe("the program of bench:clusters", { timeout: 600_000 }, async () => {
  /** What it registers, without an engine: machines by name with their published ports, and the definition of each build. */
  const registered = async (folder: string, part: string, mark: string) => {
    const config = {
      ...{ part, mark, port: "20000", memoryMiB: "1024", archives: JSON.stringify([join(folder, "web.tar")]) },
      workload: JSON.stringify({ image: "localhost/web:1", script: "busybox httpd -f -p 80" }),
      ...{ version: "1.34.4", programs: folder, apiPort: "20009" },
    };
    const resources = await runProgram(await findProgram(PROJECT, undefined, config), {}, AbortSignal.timeout(120_000));
    const of = (type: string) => resources.filter((one) => one.type === `linuxkit:index:${type}`);
    return {
      machines: Object.fromEntries(of("QemuVm").map(({ name, inputs }) => [nodeName(`urn::${name}`), inputs["publish"] as string[]])),
      builds: Object.fromEntries(of("ImageBuild").map(({ name, inputs }) => [name, inputs["image"] as KeyedDefinition])),
    };
  };

  const rows = [
    { part: "bare", machines: { machine: "20000:80" }, kinds: ["machine"] },
    { part: "docker", machines: { machine: "20000:8080" }, kinds: ["machine"] },
    { part: "swarm", machines: { m1: "20000:8080", m2: "20001:8080", m3: "20002:8080" }, kinds: ["manager"] },
    {
      part: "kubernetes",
      machines: { "control-1": "20009:6443", "worker-1": "20000:30080", "worker-2": "20001:30080" },
      kinds: ["control plane", "worker"],
    },
  ] as const;
  for (const { part, machines, kinds } of rows) {
    test(`${part}: has its machines, and another mark is another OS of each`, async () => {
      await using folder = await scratch();
      for (const name of [...PROGRAMS, "web.tar"]) await writeFile(join(folder.path, name), name);
      const [before, after] = await Promise.all([registered(folder.path, part, "1"), registered(folder.path, part, "2")]);
      assert.deepEqual(Object.keys(before.machines).sort(), Object.keys(machines).sort());
      for (const [name, port] of Object.entries(machines))
        assert.ok(
          before.machines[name]?.some((one) => one.replace(/^127\.0\.0\.1:|\/tcp$/g, "") === port),
          `${name}: ${before.machines[name]}`,
        );
      assert.deepEqual(
        Object.keys(before.builds)
          .map((name) => kindOfBuild(part, name))
          .sort(),
        kinds,
      );
      assert.ok(Object.keys(machines).every((name) => (kinds as readonly string[]).includes(kindOfNode(name))));
      for (const [name, image] of Object.entries(before.builds)) {
        // as the sizes are counted from it
        knownDefinition(definitionOf(image));
        assert.notDeepEqual(image, after.builds[name]);
        assert.equal(JSON.stringify(image).replaceAll('"1\\n"', '"2\\n"'), JSON.stringify(after.builds[name]));
      }
    });
  }
});
