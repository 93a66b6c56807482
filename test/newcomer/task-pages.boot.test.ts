import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Definition } from "../../sdk/definition/definition.ts";
import { debian } from "../../sdk/debian/images.ts";
import { Image, Kernel, OnbootTask } from "../../sdk/index.ts";
import { buildWhole } from "../guest/image.ts";
import { judge, scratch } from "../support/judge.ts";
import { startNtpServer } from "../support/ntp-server.ts";
import { makeProject, pageImages } from "../support/page-images.ts";
import { boot, type Booted } from "../support/qemu.ts";
import { runTool } from "../support/run-tool.ts";

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));
// of services with one name, the last counts; without PostgreSQL, whose first start takes an emulated processor half a minute
const PAGES = ["files", "time", "node-app", "python-app", "ssh"];
const HOUR = 3600;

async function textAt(machine: Booted, port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${machine.port(port)}/`, { signal: AbortSignal.timeout(60_000) });
  return answer.text();
}

/** One operating system with what all the others have. */
function together(images: readonly Definition[]): Definition {
  const base = new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  }).spec;
  return {
    ...base,
    files: images.flatMap(({ files }) => files),
    services: Object.assign({}, ...images.map(({ services }) => services)),
  };
}

test("the programs of the pages for tasks work, all in one machine", { timeout: 900_000 }, async () => {
  await using project = await scratch();
  using clock = await startNtpServer(HOUR);
  const key = join(project.path, "ssh", "id_debug");
  const pages = await Promise.all(
    PAGES.map(async (page) => {
      const folder = join(project.path, page);
      await makeProject(folder);
      if (page === "ssh") judge("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
      // what a page asks in the Internet, this host answers
      const server = `debian.chrony({ pools: [], settings: ["server 10.0.2.2 port ${clock.port} iburst"] })`;
      const text = (await readFile(join(DOCS, `${page}.md`), "utf8")).replaceAll("debian.chrony()", server);
      return pageImages(text, folder);
    }),
  );
  const { services, ...whole } = together(pages.flat());
  const wanted = ["api", "app", "client", "clock", "hourly", "site", "ssh"];
  const chosen = Object.fromEntries(wanted.map((name) => [name, services[name]]));
  assert.ok(
    Object.values(chosen).every((service) => service !== undefined),
    `the pages define ${Object.keys(services)}`,
  );

  await using machine = await boot({
    ...(await buildWhole({ ...whole, services: chosen as Definition["services"] })),
    memoryMiB: 768,
    longest: 600,
    ports: [22, 3000, 8000, 8080],
  });
  await machine.until("health", ({ stage }) => stage === "healthy");
  const options = ["IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
  const login = ["-F", "none", "-i", key, ...options.flatMap((option) => ["-o", option])];
  const ssh = async (command: string) => (await runTool("ssh", ...login, "-p", String(machine.port(22)), "root@127.0.0.1", command)).output;

  const answers: [port: number, wanted: RegExp, service: string][] = [
    [3000, /^hello from Node 18\./, "app"],
    [8000, /^hello from Python 3\.11\./, "api"],
    [8080, /^it works\n$/, "site"],
  ];
  for (const [port, wanted, service] of answers) {
    const text = await textAt(machine, port).catch((error: Error) => `${error.cause ?? error}`);
    assert.match(
      text,
      wanted,
      `${service} answers ${text}; its log: ${wanted.test(text) || (await ssh(`cat /host/run/log/${service}.log`))}`,
    );
  }

  const files = "/host/run/log/hourly.log /host/run/log/clock.log";
  const said = await ssh(`cat ${files}; ls /host/containers/services/app; ps; netstat -tln; ip address`);
  assert.match(said, /^old sessions are deleted$/m);
  assert.match(said, /Selected source 10\.0\.2\.2[\s\S]*System clock wrong by 3[56]\d\d\.\d+ seconds/);
  assert.match(said, /^config\.json$/m);
  assert.match(said, /node \/app\/server\.js[\s\S]*0\.0\.0\.0:22 [\s\S]*10\.0\.2\.15\/24/);
  await runTool("scp", ...login, "-P", String(machine.port(22)), "root@127.0.0.1:/host/run/log/app.log", project.path);
  await access(join(project.path, "app.log"));
});
