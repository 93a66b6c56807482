import type { Column } from "./ours.ts";

const ROWS: readonly (readonly [what: string, of: (column: Column) => string])[] = [
  ["disk, MB", ({ diskMB }) => diskMB.toFixed(1)],
  ["memory in use at rest, MB", ({ memoryMB }) => memoryMB.toFixed(1)],
  ["processes", ({ processes }) => String(processes)],
  ["setuid and setgid files", ({ setuid }) => String(setuid)],
  ["listening sockets", ({ listening }) => String(listening)],
  ["seconds to healthy", ({ seconds }) => seconds.toFixed(1)],
];

/** The page docs/footprint.md. */
export function footprintPage(columns: readonly Column[], machine: string, day: string): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return `# Footprint

\`npm run bench -- --footprint\` boots each of these machines once, on the same kernel with 512 MiB of memory and one CPU, and
reads the figures inside the machine. Measured on ${day}: ${machine}.

${line(["", ...columns.map(({ name }) => name)])}
${line(["---", ...columns.map(() => "---")])}
${ROWS.map(([what, of]) => line([what, ...columns.map(of)])).join("\n")}

- Each service is nginx in a network namespace of its own. With the sandbox off it runs with LinuxKit's defaults and every
  capability.
- Disk is the compressed kernel and initrd; for Debian, the kernel and the files of its root. Debian 12 is made by
  \`debootstrap --variant=minbase\`, with systemd, ifupdown, a DHCP client and nginx, without package lists and caches.
- Memory is MemTotal less MemAvailable. It includes the uncompressed root, except Debian's, which is on a disk.
- Processes exclude kernel threads. They are PID 1 and, for each service, the container runtime's monitor, its supervisor and
  its health check. The measuring program and its socket are not counted. Its three helper processes, and about 2 MB each of
  memory and disk, are in every column but Debian's.
- Ten such servers, those of \`test/guest/ten-services.boot.test.ts\`, take 64.1 MB on 512 MiB without the measuring program, read by
  \`pulumi-linuxkit metrics\`. The machine without them takes 35.5 MB: 23 MB the kernel with a one-line init, 4.4 MB the guest's
  program, 3 MB the C library and crun, 1.7 MB the memory of PID 1, 1.5 MB the ports of the interface, and what the kernel holds for
  modules, mounts and links. The servers add 28.5 MB: 15 MB are nginx's own memory, in two processes each, 7.7 MB its files, once, and
  the rest their namespaces and control groups in the kernel. The 1.8 MB that the kernel
  keeps for devices of the ISA bus are in use since then. Files in a root in memory cannot leave it; an image that stays compressed,
  as on a disk, would save a part of them.
- Seconds count from QEMU's start, under software emulation, until the console reports healthy. For Debian they end when
  nginx answers.
`;
}
