import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type DiskAttachment, qemuArguments, qemuProgram } from "../../providers/qemu/plugin/arguments.ts";
import { type ConsoleLine, parseConsoleLine } from "../../sdk/guest/console.ts";
import { FIRMWARE } from "../../sdk/guest/firmware.ts";
import { freePort } from "./free-port.ts";
import { tied } from "./tied.ts";

/** What to boot. */
export interface BootOptions {
  readonly kernel: string;
  readonly initrd: string;
  readonly cmdline: string;
  /** @default 256 */
  readonly memoryMiB?: number;
  /** The guest's TCP ports to forward: see {@link Booted.port}. @default none */
  readonly ports?: readonly number[];
  /** @default none */
  readonly disks?: readonly DiskAttachment[];
  /** More items of the firmware configuration device, by name. */
  readonly firmware?: Readonly<Record<string, string>>;
  /** The boot's nonce; `""` gives the guest none. @default "test-boot" */
  readonly nonce?: string;
  /** Addresses and ports of QEMU's user network that lead to ports of this host, as `10.0.2.9:80`. @default none */
  readonly leads?: Readonly<Record<string, number>>;
  /** Strings of the firmware, as QEMU's option `-smbios` has them: `type=1,manufacturer=Google`. @default none */
  readonly smbios?: readonly string[];
  /** Whether it opens connections. @default true */
  readonly outbound?: boolean;
  /** Whether QEMU filters its own system calls. @default false */
  readonly sandbox?: boolean;
  /** A port of this host that the machine reaches at 169.254.169.254:80, as it reaches its cloud's metadata; the host itself is 169.254.169.2. @default none */
  readonly metadataPort?: number;
  /** Beside it, one that it reaches at 168.63.129.16:80, as it reaches Azure's WireServer; the host itself is then 160.0.2.2. @default none */
  readonly wirePort?: number;
  /**
   * Whether the guest's clock counts its instructions, one each nanosecond, and skips what it idles (QEMU's `-icount`). Times are
   * then the same in every run, whatever the host does, and longer on the host's clock. @default false
   */
  readonly counted?: boolean;
  /** Seconds after which it is killed. @default 180 */
  readonly longest?: number;
}

/** An emulated machine under QEMU. It is killed after a time, and when it is disposed. */
export interface Booted extends AsyncDisposable {
  /** The guest's reports so far. */
  readonly lines: readonly ConsoleLine[];
  /** Its console's output so far. */
  readonly console: () => string;
  /** The first report, past or future, that `wanted` accepts. Rejects, with the console, when the machine ends before. */
  until(what: string, wanted: (line: ConsoleLine) => boolean): Promise<ConsoleLine>;
  /** The host's port of a guest's port. */
  port(guestPort: number): number;
  pressPower(): Promise<void>;
  /** Types on its console. */
  type(text: string): void;
  /** Waits until QEMU has ended. */
  readonly ended: Promise<void>;
}

/** Boots a machine. Tests decide what to wait for. */
export async function boot({
  kernel,
  initrd,
  cmdline,
  memoryMiB = 256,
  ports = [],
  disks = [],
  firmware = {},
  nonce = "test-boot",
  leads = {},
  smbios = [],
  outbound = true,
  sandbox = false,
  metadataPort,
  wirePort,
  counted = false,
  longest = 180,
}: BootOptions): Promise<Booted> {
  const folder = await mkdtemp(join(tmpdir(), "linuxkit-boot-"));
  const items = { ...(nonce && { [FIRMWARE.nonce]: nonce }), ...firmware };
  const files = await Promise.all(
    Object.entries(items).map(async ([name, text], index) => {
      await writeFile(join(folder, `item${index}`), text);
      return { name, file: `item${index}` };
    }),
  );
  const published = await Promise.all(
    ports.map(async (guestPort) => ({ protocol: "tcp" as const, address: "127.0.0.1", hostPort: await freePort(), guestPort })),
  );
  const args = qemuArguments({
    arch: "amd64",
    accelerator: "tcg",
    name: "linuxkit-test",
    kernel,
    initrd,
    cmdline,
    memoryMiB,
    cpus: 1,
    publish: published,
    disks,
    firmware: files,
    monitor: "monitor",
    outbound,
    sandbox,
  });
  for (const [address, to] of Object.entries(leads)) extendNetwork(args, lead(address, to));
  if (metadataPort !== undefined) metadataNetwork(args, metadataPort, wirePort);
  args.push(...smbios.flatMap((strings) => ["-smbios", strings]));
  if (counted) countInstructions(args);
  const qemu = spawn(...tied(qemuProgram("amd64").binary, args), {
    cwd: folder,
    stdio: ["pipe", "pipe", "pipe"],
    timeout: longest * 1000,
    killSignal: "SIGKILL",
  });
  return follow(qemu, folder, nonce, new Map(published.map(({ guestPort, hostPort }) => [guestPort, hostPort])));
}

/** Moves QEMU's user network to the addresses of a cloud's metadata and of Azure's WireServer, and forwards these to ports of this host. */
export function metadataNetwork(args: string[], port: number, wirePort?: number): void {
  const network =
    wirePort === undefined
      ? ["net=169.254.169.0/24", "dhcpstart=169.254.169.15"]
      : ["net=160.0.0.0/4", "host=160.0.2.2", "dhcpstart=160.0.0.15", lead("168.63.129.16:80", wirePort)];
  extendNetwork(args, ...network, lead("169.254.169.254:80", port));
}

function lead(address: string, to: number): string {
  return `guestfwd=tcp:${address}-cmd:busybox nc 127.0.0.1 ${to}`;
}

function extendNetwork(args: string[], ...options: string[]): void {
  args[args.findIndex((option) => option.startsWith("user,"))] += `,${options.join()}`;
}

/** Lets the guest's clock count instructions. QEMU then emulates all processors in one thread. */
export function countInstructions(args: string[]): void {
  args[args.indexOf("-accel") + 1] = "tcg,thread=single";
  args.push("-icount", "shift=0,sleep=off");
}

function follow(qemu: ChildProcess, folder: string, nonce: string, ports: ReadonlyMap<number, number>): Booted {
  const lines: ConsoleLine[] = [];
  let text = "";
  let read = 0;
  let gone = false;
  const hear = (chunk: string): void => {
    text += chunk;
    for (let end = text.indexOf("\n", read); end >= 0; end = text.indexOf("\n", read)) {
      const line = parseConsoleLine(text.slice(read, end), nonce || "-");
      if (line) lines.push(line);
      read = end + 1;
    }
  };
  for (const stream of [qemu.stdout, qemu.stderr]) stream?.setEncoding("utf8").on("data", hear);
  const ended = once(qemu, "close").then(() => {
    gone = true;
  });
  return {
    lines,
    console: () => text,
    ended,
    async until(what, wanted) {
      for (;;) {
        const over = gone;
        const found = lines.find(wanted);
        if (found) return found;
        if (over) throw new Error(`the machine ended before ${what}; its console:\n${text}`);
        await sleep(20);
      }
    },
    port: (guestPort) => ports.get(guestPort) ?? 0,
    type: (text) => void qemu.stdin?.write(text),
    async pressPower() {
      const socket = connect(join(folder, "monitor"));
      for (const execute of ["qmp_capabilities", "system_powerdown"]) socket.write(`${JSON.stringify({ execute })}\n`);
      // the greeting, and an answer to each command
      let answers = 0;
      for await (const chunk of socket.setEncoding("utf8")) if ((answers += String(chunk).split("\n").length - 1) >= 3) break;
      socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      qemu.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
