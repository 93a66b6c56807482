#!/usr/bin/env node
// npm run demo: installs what is missing, runs `pulumi up` on examples/web with the real engine, and fetches its page.
// npm run demo -- --destroy: removes the machine and the stack.
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
  console.log(
    "npm run demo               run pulumi up on examples/web and fetch its page\nnpm run demo -- --destroy  remove the machine and the stack",
  );
  process.exit();
}

const state = join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "pulumi-linuxkit-demo");
mkdirSync(state, { recursive: true });
const env = {
  ...(await setUp({ engine: true, qemu: true })),
  PULUMI_BACKEND_URL: `file://${state}`,
  // the engine wants a passphrase for a backend in a folder; the demo's state holds no secret
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
  console.log(`\nboot_id on the guest's console  ${bootId}\nboot_id in the page's answer    ${answered}`);
  if (answered !== bootId) throw new Error("another machine answered than the one that was started");
}

/** A stack keeps its port. A new stack gets 8080, or any free port where 8080 is taken. */
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
