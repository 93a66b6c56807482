import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Terminal, UsageError } from "../../sdk/cli/command.ts";
import { run } from "../../sdk/cli/run.ts";

const folder = await mkdtemp(join(tmpdir(), "run-"));
after(() => rm(folder, { recursive: true, force: true }));
await writeFile(
  join(folder, "os.ts"),
  `import { output } from "@pulumi/pulumi";
import { debian, Image, Kernel, Service, Volume } from ${JSON.stringify(new URL("../../sdk/index.ts", import.meta.url).href)};
const kernel = new Kernel({ image: debian.kernel() });
const web = (env) => new Service("web", { image: debian.packages({ packages: ["busybox-static"] }), command: ["x"], publish: ["80"], env, resources: { cpu: { cpus: "1" } } });
export const plain = new Image({ kernel, init: [debian.init()], services: [web([])] });
export const disk = new Image({ kernel, init: [debian.init()], volumes: [new Volume("data", { persistent: { serial: "pg" } })] });
export const later = new Image({ kernel, init: [debian.init()], services: [web([output("A=1")])] });
`.replace("@pulumi/pulumi", import.meta.resolve("@pulumi/pulumi")),
);

describe("run refuses what cannot work, before it builds", () => {
  for (const [name, args, isUsage, message] of [
    ["a port that is none", ["--image", "plain", "--publish", "80"], true, /^--publish: got "80", wanted \[ADDRESS:\]HOST:GUEST/],
    [
      "a port that no service publishes",
      ["--image", "plain", "--publish", "8080:81"],
      false,
      /no service publishes port 81\/tcp: they publish 80\/tcp/,
    ],
    [
      "little memory",
      ["--image", "plain", "--cpus", "2", "--memory", "10"],
      true,
      /^--memory: got 10, wanted a whole number of MiB from 32/,
    ],
    ["a processor that is not there", ["--image", "plain"], false, /the machine has only processor 0: set cpus: 2/],
    [
      "a volume without its disk",
      ["--image", "disk", "--disk", "data=64"],
      true,
      /^volume "data" needs a disk with the serial "pg": add --disk pg=512/,
    ],
    ["a disk without a size", ["--image", "disk", "--disk", "pg"], true, /^--disk: got "pg", wanted NAME=MIB or NAME=FILE/],
    ["one disk twice", ["--image", "disk", "--disk", "pg=64", "--disk", "pg=64"], true, /^--disk: got "pg", which another disk has/],
    [
      "a value that only a program of Pulumi knows",
      ["--image", "later"],
      false,
      /services\.web\.env\[0\]: got a value that is not known yet/,
    ],
  ] as const) {
    test(name, async () => {
      const terminal = { print: assert.fail, note: assert.fail, signal: new AbortController().signal } as unknown as Terminal;
      await assert.rejects(run.run([join(folder, "os.ts"), ...args], terminal), (error: Error) => {
        assert.match(error.message, message);
        assert.equal(error instanceof UsageError, isUsage);
        return true;
      });
    });
  }
});
