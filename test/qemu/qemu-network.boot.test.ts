import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { qemuNetwork } from "../../providers/qemu/plugin/network.ts";
import { build } from "../../sdk/builder/build.ts";
import { debian } from "../../sdk/debian/images.ts";
import { File, Image, Kernel, OnbootTask, Service, type ServiceArgs } from "../../sdk/index.ts";
import { scratch } from "../support/judge.ts";
import { MachineRun, processesWith } from "./machine-run.ts";

const INPUTS = { cidr: "10.77.0.0/24", hosts: {} };
const HOSTS = "127.0.0.1 localhost\n10.77.0.11 m1\n10.77.0.12 m2\n";

const page = (name: string, command: string) => ({
  path: `www/cgi-bin/${name}`,
  mode: "0755",
  contents: `#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n${command} 2>&1\n`,
});

/** A service behind the machine's firewall that says its machine's name, and asks another machine for its. */
const web = new Service("web", {
  image: debian.packages({
    // BusyBox's own client cannot look up names
    packages: ["busybox-static", "curl"],
    files: [
      { path: "bin/sh", symlink: "busybox" },
      page("name", "cat /run/config/hostname"),
      page("hosts", "cat /etc/hosts"),
      page("ask", 'curl --silent --show-error --max-time 20 "http://$QUERY_STRING/cgi-bin/name"'),
    ],
    command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
  }),
  capabilities: ["CAP_NET_BIND_SERVICE"],
  binds: ["/run/config:/run/config:ro"],
  egress: [
    { to: "10.77.0.0/24", port: 80 },
    { to: "own", port: 80 },
  ],
  health: { tcp: { port: 80 } },
});

const shell = debian.packages({ packages: ["busybox-static"], files: [{ path: "bin/sh", symlink: "busybox" }] });

// fails where the address or the names are not there before the first task
const early = new OnbootTask("early", {
  image: shell,
  command: ["sh", "-c", "ip address show eth1 | grep 10.77.0 && grep '10.77.0.12 m2' /etc/hosts"],
});

// each ends with 0 if its hosts file is the wanted one: its own, with users of its own, with a root that it can write
const OWN = "10.0.0.9 mine";
const checked = (name: string, wanted: string, more: Partial<ServiceArgs> = {}) =>
  new Service(name, {
    image: shell,
    command: ["sh", "-c", `grep -q '${wanted}' /etc/hosts || exit 1; exec sleep 100000`],
    restart: "never",
    ...more,
  });
const others = [
  checked("own", OWN, {
    binds: ["/etc/own-hosts:/etc/hosts:ro"],
    command: ["sh", "-c", `[ "$(cat /etc/hosts)" = '${OWN}' ] || exit 1; exec sleep 100000`],
  }),
  checked("private", "10.77.0.12 m2", { userns: "private" }),
  checked("writable", "10.77.0.12 m2", { readonly: false }),
];

test("two machines of a network reach each other by name, through their firewalls", { timeout: 900_000 }, async () => {
  await using run = await MachineRun.make("network");
  await using folder = await scratch();
  const type = qemuNetwork({ stateDir: run.stateDir, cacheDir: folder.path });
  const call = { urn: "urn:pulumi:dev::shop::linuxkit:index:QemuNetwork::lan", name: "lan", timeoutSeconds: 60, config: {} };
  const work = { ...call, signal: new AbortController().signal, progress: () => {} };
  const { id, outputs } = await type.create({ ...work, inputs: INPUTS });
  try {
    const image = new Image({
      kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
      init: [debian.init()],
      onboot: [early, new OnbootTask("dhcp", { image: debian.dhcp() })],
      services: [web, ...others],
      files: [new File("/etc/own-hosts", { contents: `${OWN}\n` })],
    });
    const { files, digest, cmdline } = await build(image, { format: "kernel+initrd", outputDir: folder.path, name: "lan" });
    const pathOf = (role: string): string => join(folder.path, files.find((file) => file.role === role)?.name ?? role);
    const start = (hostname: string, address: string) =>
      run.create(
        {
          ...{ kernel: pathOf("kernel"), initrd: pathOf("initrd"), digest, cmdline, publish: ["0:80"] },
          ...{ network: { socket: outputs.socket, address: `${address}/24`, hostname }, hosts: HOSTS },
        },
        { seconds: 300 },
      );
    const [first, second] = await Promise.all([start("m1", "10.77.0.11"), start("m2", "10.77.0.12")]);
    const ask = async (url: string, other: string): Promise<string> => {
      const answer = await fetch(`${url}/cgi-bin/ask?${other}`, { signal: AbortSignal.timeout(60_000) });
      return answer.text();
    };
    assert.equal(await ask(first.outputs.url, "m2"), "m2");
    assert.equal(await ask(second.outputs.url, "m1"), "m1");
    const console = await readFile(first.outputs.consoleLog, "utf8");
    assert.match(console, /onboot early ok/);
    for (const { name } of others) assert.doesNotMatch(console, new RegExp(`service ${name} ended`));
    // the services that it names come first
    const hosts = await fetch(`${first.outputs.url}/cgi-bin/hosts`, { signal: AbortSignal.timeout(60_000) });
    assert.match(await hosts.text(), /^127\.0\.0\.1 +localhost\n.*\n198\.18\.\S+\town\n.*10\.77\.0\.11 m1\n10\.77\.0\.12 m2\n$/s);
    for (const machine of [first, second]) await run.delete(machine.id);
  } finally {
    await type.delete?.({ ...work, id, inputs: INPUTS, outputs });
  }
  assert.deepEqual(await processesWith(id), []);
});
