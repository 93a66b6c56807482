import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { documentSteps } from "../support/document-steps.ts";
import { freePort } from "../support/free-port.ts";
import { scratch } from "../support/judge.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(ROOT, "node_modules", ".bin");

/** What a new user has: an empty folder, the packed package, Pulumi, and the documents. */
describe("the first hour, with the documents alone", { timeout: 2_400_000 }, () => {
  let home: Awaited<ReturnType<typeof scratch>>;
  let env: NodeJS.ProcessEnv;
  let tarball: string;
  let stateDir: string;

  before(async () => {
    home = await scratch();
    stateDir = join(home.path, "state");
    for (const name of ["backend", "pulumi"]) await mkdir(join(home.path, name));
    const engine = execFileSync(process.execPath, [join(ROOT, "scripts", "engine.mjs")], { encoding: "utf8" }).trim();
    env = {
      ...process.env,
      PATH: [BIN, engine, process.env.PATH].join(delimiter),
      PULUMI_HOME: join(home.path, "pulumi"),
      PULUMI_BACKEND_URL: `file://${join(home.path, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "correct horse battery staple",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      // the reader says yes
      PULUMI_SKIP_CONFIRMATIONS: "true",
      PULUMI_LINUXKIT_STATE: stateDir,
      npm_config_prefer_offline: "true",
      npm_config_audit: "false",
      npm_config_fund: "false",
      NO_COLOR: "1",
    };
    // the test run has compiled the sources
    const [packed] = JSON.parse(await shell(ROOT, `npm pack --ignore-scripts --json --pack-destination '${home.path}'`)) as [
      { filename: string },
    ];
    tarball = join(home.path, packed.filename);
  });
  after(async () => {
    for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
    await home[Symbol.asyncDispose]();
  });

  const shell = (cwd: string, commands: string): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(
        "bash",
        ["-euo", "pipefail", "-c", commands],
        { cwd, env, timeout: 900_000, maxBuffer: 16 << 20 },
        (error, stdout, stderr) => (error ? reject(new Error(`${commands}: ${error.message}\n${stdout}${stderr}`)) : resolve(stdout)),
      );
    });

  /** Follows a document to its end, and gives what each run of commands printed. The ports of the host are the test's own. */
  const follow = async (name: string, cwd: string, ports: Readonly<Record<string, number>>): Promise<string[]> => {
    const own = (text: string): string =>
      Object.entries(ports).reduce((changed, [port, free]) => changed.replaceAll(`"${port}:`, `"${free}:`), text);
    const printed: string[] = [];
    let folder = cwd;
    for (const step of documentSteps(await readFile(join(ROOT, "docs", name), "utf8"))) {
      if (step.kind === "write") await writeFile(join(folder, step.name), own(step.text));
      else if (step.kind === "run") {
        const commands = step.commands.replace(/ pulumi-linuxkit$/m, ` '${tarball}'`);
        const output = await shell(folder, `${commands}\npwd`);
        const lines = output.trimEnd().split("\n");
        folder = lines.pop() as string;
        printed.push(lines.join("\n"));
      }
    }
    return printed;
  };

  /** How often a project's machine was started, by updates that succeeded. */
  const updates = async (folder: string): Promise<number> => {
    const history = JSON.parse(await shell(folder, "pulumi stack history --json")) as { kind: string; result: string }[];
    return history.filter(({ kind, result }) => kind === "update" && result === "succeeded").length;
  };

  test("getting started ends with a page that answers", async () => {
    const printed = await follow("getting-started.md", home.path, { 8080: await freePort() });
    assert.match(printed.at(-1) ?? "", /it works$/);
    assert.equal(await updates(join(home.path, "web")), 1);
    await shell(join(home.path, "web"), "pulumi destroy");
    assert.deepEqual(await listMachineFolders(stateDir), []);
  });

  test("an app and a database keep their data over a change of the image", async () => {
    const folder = join(home.path, "visits");
    await shell(home.path, "cp -a web visits && sed -i 's/^name: web/name: visits/' visits/Pulumi.yaml");
    const printed = await follow("app-and-database.md", folder, { 3000: await freePort() });
    assert.match(printed[0] ?? "", /hello, visit 1\nhello, visit 2$/);
    assert.match(printed[1] ?? "", /welcome, visit 3$/);
    assert.match(printed[2] ?? "", /^app +ok/m);
    assert.equal(await updates(folder), 2);
    assert.deepEqual(await listMachineFolders(stateDir), []);
  });
});
