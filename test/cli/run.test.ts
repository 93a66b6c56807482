import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, describe, test } from "node:test";
import { type Terminal, UsageError } from "../../sdk/cli/command.ts";
import { run } from "../../sdk/cli/run.ts";
import { runSecrets } from "../../sdk/cli/run-secrets.ts";
import type { Image } from "../../sdk/index.ts";

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
const keeper = (name, secrets) => new Service(name, { image: debian.packages({ packages: ["busybox-static"] }), command: ["x"], secrets });
export const secret = new Image({ kernel, init: [debian.init()], services: [keeper("db", { password: "", salt: "s" }), keeper("app", { password: "" })] });
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
      "secrets without a value",
      ["--image", "secret", "--secret", "app.password=x"],
      true,
      /^db\.password: got no value of the secret, wanted --secret db\.password=FILE$/,
    ],
    [
      "a secret that no service names",
      ["--image", "secret", "--secret", "db.pasword=x"],
      true,
      /^--secret: got "db\.pasword", wanted one of app\.password, db\.password, db\.salt$/,
    ],
    [
      "a secret of an OS without secrets",
      ["--image", "plain", "--secret", "db.password=x"],
      true,
      /^--secret: .*but no service has a secret$/,
    ],
    [
      "a secret without a file",
      ["--image", "secret", "--secret", "db.password"],
      true,
      /^--secret: got "db\.password", wanted SERVICE\.NAME=FILE$/,
    ],
    [
      "a secret whose file is not there",
      ["--image", "secret", "--secret", "db.password=no-such-file", "--secret", "app.password=no-such-file"],
      false,
      /^cannot read .*no-such-file: ENOENT/,
    ],
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

test("a secret's value is the whole file, and a value of the definition stays", async () => {
  const { secret } = (await import(pathToFileURL(join(folder, "os.ts")).href)) as { secret: Image };
  await writeFile(join(folder, "password"), "s3cret\n");
  const file = join(folder, "password");
  assert.deepEqual(await runSecrets(secret.spec, [`db.password=${file}`, `app.password=${file}`]), {
    db: { password: "s3cret\n", salt: "s" },
    app: { password: "s3cret\n" },
  });
});
