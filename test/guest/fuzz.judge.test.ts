import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const SOURCES = fileURLToPath(new URL("../../sdk/guest/linuxkitd", import.meta.url));
const SECONDS = 60;
const run = promisify(execFile);
const env = { ...process.env, GOFLAGS: "", GOWORK: "off" };

/** All fuzz tests of the guest's program, by their packages: the readers of what a build, a cloud, a service or a server says. */
async function targets(): Promise<{ readonly folder: string; readonly name: string }[]> {
  const { stdout } = await run("go", ["test", "-json", "-list", "^Fuzz", "./..."], { cwd: SOURCES, env, maxBuffer: 64 << 20 });
  return stdout.split("\n").flatMap((line) => {
    const { Package, Output } = line.startsWith("{") ? (JSON.parse(line) as { Package?: string; Output?: string }) : {};
    const name = /^(Fuzz\w+)\n$/.exec(Output ?? "")?.[1];
    return name && Package ? [{ folder: Package.replace(/^pulumi-linuxkit\/linuxkitd/, "."), name }] : [];
  });
}

const all = await targets();

describe(`no input is too much for a reader, in ${SECONDS} s each`, { concurrency: all.length, timeout: 900_000 }, () => {
  test("the readers of descriptions and of DHCP answers are among them", () => {
    const names = all.map(({ folder, name }) => `${folder} ${name}`);
    for (const wanted of ["description FuzzContainer", "description FuzzMachine", "dhcp FuzzAnswer", "health FuzzStatus"])
      assert.ok(names.includes(`./internal/${wanted}`), `${wanted} is not in ${names.join(", ")}`);
  });
  for (const { folder, name } of all) {
    test(`${folder} ${name}`, async () => {
      // one worker each: they share the processors, and end together; a machine that boots beside them comes first
      const args = ["-n", "19", "go", "test", "-run=^$", `-fuzz=^${name}$`, `-fuzztime=${SECONDS}s`, "-parallel=1", "-timeout=10m", folder];
      const said = await run("nice", args, { cwd: SOURCES, env, timeout: 800_000, maxBuffer: 64 << 20 }).then(
        ({ stdout }) => stdout,
        (error: { stdout?: string; stderr?: string; message: string }) => {
          const output = `${error.stdout ?? ""}${error.stderr ?? error.message}`;
          // the end of the time may be told as a failure (golang/go#75804, until Go 1.27); a finding writes its input down
          if (/^\s+context deadline exceeded$/m.test(output) && !output.includes("Failing input written")) return output;
          throw new Error(output, { cause: error });
        },
      );
      const [, count] = /execs: (\d+) \([^)]*\)(?![\s\S]*execs: )/.exec(said) ?? assert.fail(said);
      assert.ok(Number(count) > 0, said);
    });
  }
});
