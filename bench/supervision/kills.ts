import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { build, debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { boot, type Booted } from "../../test/support/qemu.ts";
import { Random } from "../../test/support/random.ts";
import { METER_CGI, METER_PORT } from "../footprint/meter.ts";

/** One service that was killed, in seconds of the guest's own clock. */
export interface Kill {
  readonly boot: number;
  readonly service: string;
  /** The pause that its supervisor made before it started it again. */
  readonly backOff: number;
  /** From the kill until its health check passed again. */
  readonly back: number;
}

/** The results. */
export interface Supervised {
  readonly boots: number;
  readonly kills: readonly Kill[];
  /** Killed services that are not healthy at the end of their boot. */
  readonly lost: readonly string[];
  /** Services that ended without being killed. */
  readonly disturbed: readonly string[];
  /** For a service that exits at once: each announced pause, and the seconds from one end to the next. */
  readonly crashes: readonly { readonly pause: number; readonly seconds: number }[];
}

const BOOTS = 3;
const KILLS = 10;
const VICTIMS = ["a", "b", "c", "d", "e", "f"];
/** The ends of the crash loop to wait for: pauses of 1 to 32 s. */
const CRASHES = 7;

const image = debian.packages({
  packages: ["busybox-static"],
  files: [
    { path: "bin/sh", symlink: "busybox" },
    { path: "host", directory: true },
    { path: "www/cgi-bin/run", mode: "0755", contents: METER_CGI },
  ],
});
const sh = (script: string) => ({ image, command: ["/bin/sh", "-c", script] });

const hand = new Service("hand", {
  image,
  command: ["busybox", "httpd", "-f", "-p", String(METER_PORT), "-h", "/www"],
  pid: "host",
  binds: ["/:/host:ro"],
  tmpfs: ["/tmp"],
  capabilities: ["CAP_KILL", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"],
  health: { tcp: { port: METER_PORT } },
});

const victims = VICTIMS.map(
  (name, index) =>
    new Service(name, {
      ...sh(`exec busybox nc -ll -p ${7000 + index} -e /bin/busybox true`),
      health: { tcp: { port: 7000 + index }, interval: 1 },
    }),
);

/** Boots a machine of six services several times. In each boot it kills ten at random, one to three at once; in the first it also watches a crash loop. */
export async function killServices(folder: string, seed: number, note: (what: string) => void): Promise<Supervised> {
  const random = new Random(seed);
  const outputDir = join(folder, "supervised");
  const os = new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    services: [hand, ...victims, new Service("crashes", sh("exit 1"))],
  });
  const { cmdline } = await build(os, { outputDir, name: "os", sbom: false });
  const kills: Kill[] = [];
  const lost: string[] = [];
  const disturbed: string[] = [];
  let crashes: Supervised["crashes"] = [];
  for (let turn = 1; turn <= BOOTS; turn++) {
    note(`boot ${turn} of ${BOOTS}, ${KILLS} kills`);
    await using machine = await boot({
      kernel: join(outputDir, "os-kernel"),
      initrd: join(outputDir, "os-initrd.img"),
      cmdline,
      ports: [METER_PORT],
    });
    await Promise.all(
      ["hand", ...VICTIMS].map((name) =>
        machine.until(`the health of ${name}`, (line) => line.stage === "service" && line.name === name && line.state === "healthy"),
      ),
    );
    const here: Kill[] = [];
    while (here.length < KILLS) {
      await pause(random.below(1000));
      const burst = Math.min(1 + random.below(3), KILLS - here.length);
      const chosen = new Set<string>();
      while (chosen.size < burst) chosen.add(random.pick(VICTIMS));
      here.push(...(await killAtOnce(machine, turn, [...chosen])));
    }
    kills.push(...here);
    if (turn === 1) {
      note("waiting for the crash loop");
      await machine.until("the crash loop", (line) => isRestart(line, "crashes") && Number(line.message.split(" ")[0]) >= CRASHES);
      crashes = crashLoop(machine);
    }
    lost.push(...(await unhealthy(machine)));
    for (const name of ["hand", ...VICTIMS]) {
      const ends = machine.lines.filter((line) => isRestart(line, name)).length;
      if (ends !== here.filter(({ service }) => service === name).length) disturbed.push(`${name} in boot ${turn}`);
    }
  }
  return { boots: BOOTS, kills, lost, disturbed, crashes };
}

type Line = Booted["lines"][number];

function isRestart(line: Line, name: string): line is Line & { readonly stage: "service"; readonly message: string } {
  return line.stage === "service" && line.name === name && line.state === "restart";
}

/** Kills the first process of each service, and waits until all are healthy again. */
async function killAtOnce(machine: Booted, turn: number, names: readonly string[]): Promise<Kill[]> {
  const seen = machine.lines.length;
  const script = `read -r up _ </proc/uptime; for name in ${names.join(" ")}; do read -r pid </host/sys/fs/cgroup/$name/cgroup.procs && kill -9 $pid || echo "$name is not there"; done; echo $up`;
  const killed = Number(await ask(machine, script));
  if (!Number.isFinite(killed)) throw new Error(`could not kill ${names.join(", ")}:\n${machine.console()}`);
  return Promise.all(
    names.map(async (service) => {
      const after = (line: Line): boolean => machine.lines.indexOf(line) >= seen;
      const end = await machine.until(`the end of ${service}`, (line) => after(line) && isRestart(line, service));
      const healthy = await machine.until(
        `${service} again`,
        (line) => after(line) && line.stage === "service" && line.name === service && line.state === "healthy",
      );
      return { boot: turn, service, backOff: pauseOf(end), back: healthy.seconds - killed };
    }),
  );
}

async function unhealthy(machine: Booted): Promise<string[]> {
  const states = await ask(
    machine,
    `for name in ${VICTIMS.join(" ")}; do read -r state </host/run/linuxkit/services/$name; read -r pid </host/sys/fs/cgroup/$name/cgroup.procs || state=gone; echo "$name $state"; done`,
  );
  const well = states.split("\n").filter((line) => line.endsWith(" ok"));
  return VICTIMS.filter((name) => !well.includes(`${name} ok`));
}

function crashLoop(machine: Booted): Supervised["crashes"] {
  const ends = machine.lines.filter((line) => isRestart(line, "crashes"));
  return ends.slice(1).map((end, index) => ({ pause: pauseOf(ends[index] as Line), seconds: end.seconds - (ends[index] as Line).seconds }));
}

// "2 in 4 s: exit status 137"
function pauseOf(line: Line): number {
  return Number(/ in (\d+) s/.exec("message" in line ? line.message : "")?.[1] ?? Number.NaN);
}

async function ask(machine: Booted, script: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${machine.port(METER_PORT)}/cgi-bin/run`, {
    method: "POST",
    body: script,
    signal: AbortSignal.timeout(30_000),
  });
  return answer.text();
}
