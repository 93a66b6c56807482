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
asks the machine itself. Measured on ${day}: ${machine}.

${line(["", ...columns.map(({ name }) => name)])}
${line(["---", ...columns.map(() => "---")])}
${ROWS.map(([what, of]) => line([what, ...columns.map(of)])).join("\n")}

- A service is nginx; ten of them are in network namespaces of their own. With the sandbox off they are as LinuxKit has
  them, with every capability.
- Disk is kernel and initrd, compressed; of Debian the kernel and what the files of its root take. Debian 12 is what
  \`debootstrap --variant=minbase\` makes, with systemd, ifupdown, a DHCP client and nginx, and its lists and caches removed.
- Memory is MemTotal less MemAvailable. Our root is in it, uncompressed; Debian's is on a disk.
- Processes are those that are no kernel threads: of ours PID 1, and for each service the container runtime's monitor, its
  supervisor and its health check. The program that measures and its socket are not counted; what
  keeps it running, three processes, and its memory and disk, about 2 MB each, are in every column of ours.
- Seconds count from QEMU's start, under software emulation: of ours until the console says healthy, of Debian until nginx answers.
`;
}
