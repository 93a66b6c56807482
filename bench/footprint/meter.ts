import type { Booted } from "../../test/support/qemu.ts";

/** The port on which a machine's meter answers. */
export const METER_PORT = 8100;

/** A CGI program: BusyBox's shell runs the request's body. */
export const METER_CGI = "#!/bin/busybox sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n/bin/busybox cat | /bin/busybox sh 2>&1\n";

/** The figures of a machine at rest, without the meter itself. */
export interface Footprint {
  /** Processes, without kernel threads. */
  readonly processes: number;
  /** MB: the kernel's MemTotal less its MemAvailable. */
  readonly memoryMB: number;
  /** Setuid and setgid files, in the host's root and all containers. */
  readonly setuid: number;
  /** Listening sockets, in every network namespace. */
  readonly listening: number;
}

// the meter's own processes are in its control group: "/" in its own namespace, a unit's on Debian
const script = (root: string): string => `
busybox() { /bin/busybox "$@"; }
processes=0 namespaces=' ' listening=0
for process in /proc/[0-9]*; do
  [ -s "$process/cmdline" ] || busybox readlink "$process/exe" >/dev/null 2>&1 || continue
  read -r group <"$process/cgroup" || continue
  case $group in 0::/ | *meter.service) continue ;; esac
  processes=$((processes + 1))
  namespace=$(busybox readlink "$process/ns/net")
  case $namespaces in *" $namespace "*) continue ;; esac
  namespaces="$namespaces$namespace "
  for table in tcp tcp6 udp udp6; do
    while read -r number local remote state rest; do
      case "$table $state $local" in *:${METER_PORT.toString(16).toUpperCase().padStart(4, "0")}) ;; tcp*' 0A '* | udp*' 07 '*) listening=$((listening + 1)) ;; esac
    done <"$process/net/$table"
  done
done
while read -r name kilobytes rest; do
  case $name in MemTotal:) total=$kilobytes ;; MemAvailable:) free=$kilobytes ;; esac
done </proc/meminfo
echo "$processes $(((total - free) * 1024)) $(busybox find ${root} -xdev -type f \\( -perm -4000 -o -perm -2000 \\) | busybox wc -l) $listening"
`;

/** Reads a machine's meter. `root` is where the meter sees the machine's root. */
export async function measure(machine: Booted, root: string): Promise<Footprint> {
  const answer = await fetch(`http://127.0.0.1:${machine.port(METER_PORT)}/cgi-bin/run`, {
    method: "POST",
    body: script(root),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await answer.text();
  const [processes, memory, setuid, listening] = text.trim().split(" ").map(Number);
  if ([processes, memory, setuid, listening].some((value) => !Number.isFinite(value))) throw new Error(`the meter answered ${text}`);
  return { processes: processes as number, memoryMB: (memory as number) / 1e6, setuid: setuid as number, listening: listening as number };
}
