import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { directoryEntry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { File, Service } from "../../sdk/index.ts";
import { imageLayout, labelled } from "../support/image-layout.ts";
import type { Booted } from "../support/qemu.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

const folder = await mkdtemp(join(tmpdir(), "image-config-"));
after(() => rm(folder, { recursive: true }));

// asks for the whole machine
const LABEL = {
  capabilities: ["all"],
  net: "host",
  pid: "host",
  ipc: "host",
  uts: "host",
  binds: ["/:/host:rw,rbind", "/run/linuxkit/secrets:/stolen"],
  devices: [{ path: "all", type: "a" }],
  readonly: false,
  noNewPrivileges: false,
  maskedPaths: [],
  readonlyPaths: [],
  resources: { pids: { limit: -1 } },
  oomScoreAdj: -1000,
  runtime: { mkdir: ["/run/made-by-the-label"] },
};

const ATTACK = `#!/bin/sh
grep -q . /host/run/linuxkit/secrets/db/password /stolen/db/password 2>/dev/null && echo "could read a secret"
(chroot /host mount -o remount,rw / && chroot /host touch /lib/linuxkit/written) 2>/dev/null; [ -e /host/lib/linuxkit/written ] && echo "could write what the machine runs"
tr '\\0' ' ' </proc/1/environ 2>/dev/null | grep -q . && [ $$ != 1 ] && echo "could read the environment of PID 1"
[ $$ = 1 ] || echo "could see the machine's processes"
touch /new 2>/dev/null && echo "could write to its root"
mknod /tmp/console c 5 1 2>/dev/null && (echo forged >/tmp/console) 2>/dev/null && echo "could write to the console"
grep -q '^CapEff:.0*$' /proc/self/status || echo "could have capabilities"
(echo 1 >/proc/sys/kernel/printk) 2>/dev/null && echo "could set a kernel parameter"
[ "$(cat /sys/fs/cgroup/pids.max)" = 1024 ] || echo "could start any number of processes"
echo tried; exec sleep 100000
`;

const ACCOUNTS = [
  fileEntry("etc/passwd", "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\napp:x:1000:1001::/:/bin/sh\n"),
  fileEntry("etc/group", "root:x:0:\nweb:x:33:app\n"),
];
let images = 0;
const image = (script: string, config: object) => {
  const tools = [
    directoryEntry("host"),
    directoryEntry("stolen"),
    directoryEntry("tmp"),
    directoryEntry("bin"),
    symlinkEntry("bin/sh", "busybox"),
  ];
  const layer = [...tools, fileEntry("bin/busybox", readFileSync("/usr/bin/busybox"), 0o755), fileEntry("app", script, 0o755), ...ACCOUNTS];
  return imageLayout(join(folder, String(images++)), [layer], { Entrypoint: ["/app"], Env: ["PATH=/bin"], ...config });
};

// services may have the names of each other's files, and of as many letters as a host name
const NAMES = ["db.health", "db.stop", "db.log", "n".repeat(64)];

const WHO = "#!/bin/sh\necho $(id -u) $(id -g) $(id -G)\nexec sleep 100000\n";

async function logOf(machine: Booted, name: string, last: RegExp): Promise<string[]> {
  for (let turn = 0; ; turn++) {
    const log = await ask(machine, `cat /host/run/log/${name}.log`, 8081);
    if (last.test(log)) return log.trim().split("\n");
    assert.ok(turn < 200, `${name}: ${log}`);
    await sleep(300);
  }
}

test("what an image says of itself: its label opens nothing, its user and its signal count", { timeout: 400_000 }, async () => {
  const hostile = await image(ATTACK, labelled(LABEL));
  const users = { app: "1000 1001 1001 33", "nobody:web": "65534 33 33", "4000": "4000 0 0", "4000:5000": "4000 5000 5000" };
  const who = await Promise.all(
    Object.keys(users).map(async (user, index) => new Service(NAMES[index] as string, { image: await image(WHO, { User: user }) })),
  );
  const waits = "#!/bin/sh\ntrap 'sleep 4; exit' QUIT\necho ready\nwhile :; do sleep 0.1; done\n";
  await using machine = await bootImage(
    {
      files: ["one", "two"].map((name) => new File(`/etc/${name}/state.json`, { contents: "{}", mode: "0666" })),
      onboot: [dhcp()],
      services: [
        spy({ port: 8081 }),
        service("db", "exec sleep 100000", { secrets: { password: "x" }, uid: 999 }),
        new Service("closed", { image: hostile, tmpfs: ["/tmp"], after: ["db"] }),
        new Service("open", { image: hostile, tmpfs: ["/tmp"], after: ["db"], label: "allow" }),
        ...who,
        new Service("quits", { image: await image(waits, { StopSignal: "SIGQUIT" }), stopTimeout: 60 }),
        // it stops before the one that it waits for
        service("deaf", "trap 'sleep 4; exit' QUIT; while :; do sleep 0.1; done", { stopTimeout: 60, after: ["quits"] }),
      ],
    },
    {
      ports: [8081],
      firmware: { "opt/linuxkit/secrets/db/password": "hunter2-of-the-database" },
      memoryMiB: 512,
      outbound: false,
      sandbox: true,
    },
  );
  await machine.until("the spy", (line) => line.stage === "service" && line.name === "spy" && line.state === "healthy");
  assert.deepEqual(await logOf(machine, "closed", /tried/), ["tried"]);
  // the same image by the definition's word: the attacks work
  const could = await logOf(machine, "open", /tried/);
  for (const what of ["could read a secret", "could see the machine's processes", "could write to its root", "could have capabilities"])
    assert.ok(could.includes(what), could.join("\n"));
  // equal files of the definition are two: a change of one leaves the other; the guest's program and its copies are one
  const inodes = async (...paths: string[]) => {
    const output = await ask(machine, `stat -c %i ${paths.map((path) => `/host/${path}`).join(" ")}`, 8081);
    return output.trim().split("\n");
  };
  const [one, two, ...programs] = await inodes(
    "etc/one/state.json",
    "etc/two/state.json",
    "init",
    "containers/onboot/000-dhcp/rootfs/usr/bin/linuxkitd",
  );
  assert.match(`${one} ${two}`, /^\d+ \d+$/);
  assert.notEqual(one, two);
  assert.equal(programs[0], programs[1]);
  for (const [index, ids] of Object.values(users).entries()) assert.deepEqual(await logOf(machine, NAMES[index] as string, /\d/), [ids]);

  // a guest that opens no connection reaches nothing of this host, whoever in it tries; the ports that lead in answer
  const listening = createServer((socket) => socket.end("loopback")).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  const reached = await ask(machine, ["10.0.2.2", "10.0.2.3"].map((host) => `busybox nc -w 3 ${host} ${port} </dev/null`).join(";"), 8081);
  listening.close();
  assert.match(reached, /refused/);
  assert.doesNotMatch(reached, /loopback/);

  await logOf(machine, "quits", /ready/);
  const begun = () => machine.lines.find(({ stage }) => stage === "shutdown");
  while (!begun()) {
    await machine.pressPower();
    await sleep(500);
  }
  const took = async (name: string) =>
    (await machine.until(name, (line) => line.stage === "service" && line.name === name && line.state === "stopped")).seconds -
    (begun()?.seconds ?? 0);
  const [deaf, quits] = [await took("deaf"), await took("quits")];
  assert.ok(deaf < 30 && quits - deaf > 4 && quits - deaf < 30, `deaf ${deaf} s, quits ${quits} s`);
});
