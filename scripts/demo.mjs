#!/usr/bin/env node
// npm run demo: sets up what is missing, brings examples/web up with the real Pulumi engine, and asks it for its page.
// npm run demo -- --destroy: takes the machine and the stack away again.
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { capture, say, show } from "./run.mjs";
import { setUp } from "./setup.mjs";

const EXAMPLE = fileURLToPath(new URL("../examples/web/", import.meta.url));
const PREFERRED_PORT = 8080;

if (process.argv.includes("--help")) {
  console.log("npm run demo               bring examples/web up and ask it for its page\nnpm run demo -- --destroy  take it away again");
  process.exit();
}

const state = join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "pulumi-linuxkit-demo");
mkdirSync(state, { recursive: true });
const env = {
  ...(await setUp({ engine: true, qemu: true })),
  PULUMI_BACKEND_URL: `file://${state}`,
  // the demo's state holds no secret; a passphrase is what the engine asks of a backend in a folder
  PULUMI_CONFIG_PASSPHRASE: "demo",
  PULUMI_SKIP_UPDATE_CHECK: "1",
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
};
const options = { cwd: EXAMPLE, env };
const pulumi = (...args) => capture("pulumi", [...args, "--stack", "demo", "--non-interactive"], options);

await capture("pulumi", ["stack", "select", "demo", "--create", "--non-interactive"], options);
if (process.argv.includes("--destroy")) {
  await show("pulumi", ["destroy", "--yes", "--skip-preview", "--stack", "demo"], options);
  await pulumi("stack", "rm", "--yes");
} else {
  await choosePort();
  await show("pulumi", ["up", "--yes", "--skip-preview", "--stack", "demo"], options);
  const { url, bootId } = JSON.parse(await pulumi("stack", "output", "--json"));
  say(`GET ${url}`);
  process.stdout.write(await textOf(url));
  const answered = (await textOf(new URL("boot_id", url))).trim();
  console.log(`\nboot_id on the guest's console  ${bootId}\nboot_id that the page gave      ${answered}`);
  if (answered !== bootId) throw new Error("the machine that answers is not the one that was started");
}

/** The stack keeps its port; a new stack takes the usual one where it is free. */
async function choosePort() {
  const config = JSON.parse(await pulumi("config", "--json"));
  if (config["web:port"]) return;
  const port = (await freePort(PREFERRED_PORT)) ?? (await freePort(0));
  await pulumi("config", "set", "port", String(port));
}

function freePort(wanted) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(wanted, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function textOf(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}
