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
- Ten such servers, those of \`test/guest/ten-services.boot.test.ts\`, take 60.3 MB of 512 MiB, without the program that reads it,
  55 MB with the root [packed in memory](formats.md#a-packed-root-in-memory), in \`kernel+squashfs-initrd\`, and 49.6 MB with the root
  [on a disk](formats.md#a-root-on-a-disk), in \`kernel+erofs\`. All are on one processor with a slot for a second. The split of the first:

  | MB | without servers | ten servers more |
  | --- | --- | --- |
  | files of the root: the guest's program 4.6, the C library and crun 2.9; nginx, once, 8.1 | 7.6 | 8.5 |
  | memory of processes: PID 1; nginx, in two processes each | 1.7 | 14.7 |
  | objects of the kernel: of devices and caches; of namespaces, mounts, groups and processes | 7.1 | 4.9 |
  | larger areas of the kernel: stacks, modules, 2.1 for filters of system calls, 2.1 for who pays for memory of processors | 5.7 | 0.5 |
  | page tables, and memory of processors | 0.7 | 1.1 |
  | pages that the kernel keeps free (\`min_free_kbytes\`) | 4.2 | |
  | tables and buffers of the kernel, and what PID 1 keeps of services | 2.3 | 1.3 |

- Files of an unpacked root cannot leave memory. On a disk they are read when they are used, and go when memory is needed. Of a packed
  root the packed bytes stay, 5.5 MB with these servers; what is used is unpacked, and goes when memory is needed. Modules that
  the kernel has loaded are 0.4 MB of them.
- \`percpu_alloc=page\` in the \`cmdline\` of the \`Kernel\` saves 1.6 MB on two processors and more on one: Linux keeps a
  pointer to the group that pays for each 4 bytes of a processor's memory, which it takes in large pages by default (mm/percpu.c, \`pcpu_alloc_chunk\`). It is no default, for Linux'
  documentation has it for comparison, and it was tried under emulation only.
- Seconds count from QEMU's start, under software emulation, until the console reports healthy. For Debian they end when
  nginx answers.
`;
}
