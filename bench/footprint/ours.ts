import { join } from "node:path";
import { build, debian, Image, Kernel, type Lock, OnbootTask, Service, type ServiceArgs } from "pulumi-linuxkit";
import { boot } from "../../test/support/qemu.ts";
import { type Footprint, measure, METER_CGI, METER_PORT } from "./meter.ts";

/** One machine of the table. */
export interface Column extends Footprint {
  readonly name: string;
  /** MB of everything that the machine boots from. */
  readonly diskMB: number;
  /** Seconds from QEMU's start until every service is healthy. */
  readonly seconds: number;
}

const MEMORY_MIB = 512;

const meter = new Service("meter", {
  image: debian.packages({
    packages: ["busybox-static"],
    files: [
      { path: "host", directory: true },
      { path: "www/cgi-bin/run", mode: "0755", contents: METER_CGI },
    ],
  }),
  command: ["busybox", "httpd", "-f", "-p", String(METER_PORT), "-h", "/www"],
  pid: "host",
  net: "host",
  binds: ["/:/host:ro"],
  tmpfs: ["/tmp"],
  capabilities: ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN"],
  health: { tcp: { port: METER_PORT } },
});

const NGINX: Omit<ServiceArgs, "net"> = {
  image: debian.packages({ packages: ["nginx-light"], command: ["nginx", "-g", "daemon off;"] }),
  capabilities: ["CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"],
  tmpfs: ["/run", "/tmp", "/var/log/nginx", "/var/lib/nginx"],
  health: { tcp: { port: 80 } },
};

/** LinuxKit's defaults and every capability, which set no environment. */
const OPEN: Partial<ServiceArgs> = { sandbox: "linuxkit", capabilities: ["all"], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] };

// each of ten servers has port 80, in a network namespace of its own
const services = (count: number, fields: Partial<ServiceArgs> = {}): Service[] =>
  Array.from(
    { length: count },
    (_, index) => new Service(`web${index}`, { ...NGINX, ...(count > 1 && { net: "none" }), ...fields } as ServiceArgs),
  );

const MACHINES: Readonly<Record<string, readonly Service[]>> = {
  "bare OS": [],
  "one service": services(1),
  "one service, sandbox off": services(1, OPEN),
  "ten services": services(10),
  "ten services, sandbox off": services(10, OPEN),
};

/** Builds, boots and measures each machine. */
export async function ourColumns(folder: string, note: (what: string) => void): Promise<{ columns: Column[]; lock: Lock }> {
  const columns: Column[] = [];
  let lock: Lock | undefined;
  for (const [name, list] of Object.entries(MACHINES)) {
    note(`measuring ${name}`);
    const os = new Image({
      kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
      init: [debian.init()],
      onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
      services: [meter, ...list],
    });
    const outputDir = join(folder, `machine${columns.length}`);
    const built = await build(os, { outputDir, name: "os", sbom: false, lock });
    const { files, cmdline } = built;
    lock = built.lock;
    const began = performance.now();
    await using machine = await boot({
      kernel: join(outputDir, "os-kernel"),
      initrd: join(outputDir, "os-initrd.img"),
      cmdline,
      memoryMiB: MEMORY_MIB,
      ports: [METER_PORT],
    });
    await machine.until("health", ({ stage }) => stage === "healthy");
    const seconds = (performance.now() - began) / 1000;
    columns.push({ name, seconds, diskMB: files.reduce((sum, { size }) => sum + size, 0) / 1e6, ...(await measure(machine, "/host")) });
  }
  return { columns, lock: lock as Lock };
}
