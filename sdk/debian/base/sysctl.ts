import { z } from "zod";
import type { DebianImage } from "../../definition/debian-image.ts";
import { checked, debianImage } from "./arguments.ts";
import { BUSYBOX_SHELL } from "./init.ts";

const schema = z
  .record(
    z.string().regex(/^(?!.*\.\.)[a-z0-9_-]+([./][A-Za-z0-9_:@-]+)+$/, 'names such as "net.ipv4.ip_forward"'),
    z.union([z.string().regex(/^[^\n\0]*$/, "one line"), z.int()], { error: "a string or a whole number" }),
  )
  .refine((settings) => Object.keys(settings).length > 0, "at least one setting");

/** Kernel parameters by name: `{ "vm.overcommit_memory": 1 }`. As in sysctl(8), a `/` stands for a dot inside a part of the name. */
export type SysctlArgs = z.input<typeof schema>;

/** An onboot task that sets kernel parameters, in order. If the kernel refuses or lacks one, the boot stops. @throws INVALID_DEFINITION */
export function sysctl(settings: SysctlArgs): DebianImage {
  const lines = Object.entries(checked("debian.sysctl", schema, settings)).map(([name, value]) => `${parameterPath(name)} ${value}\n`);
  return debianImage(
    {
      packages: ["busybox-static"],
      files: [
        BUSYBOX_SHELL,
        { path: "etc/sysctl.list", contents: lines.join("") },
        { path: "usr/lib/linuxkit/sysctl", contents: SCRIPT, mode: "0755" },
      ],
    },
    {
      command: ["/usr/lib/linuxkit/sysctl"],
      // the machine's namespaces, because many parameters belong to a namespace
      net: "host",
      ipc: "host",
      uts: "host",
      pid: "host",
      capabilities: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_RESOURCE", "CAP_SYS_PTRACE"],
      maskedPaths: [],
      readonlyPaths: [],
    },
  );
}

/** The path below /proc/sys. The first separator of a name determines whether `.` or `/` separates its parts. */
function parameterPath(name: string): string {
  const swap: Readonly<Record<string, string>> = { ".": "/", "/": "." };
  return /^[^./]*\//.test(name) ? name : name.replace(/[./]/g, (separator) => swap[separator] as string);
}

// BusyBox's own sysctl exits with 0 even if the kernel refused
const SCRIPT = `#!/bin/sh
while read -r path value; do
  if [ ! -e "/proc/sys/$path" ]; then
    echo "sysctl: this kernel has no $path" >&2
    exit 1
  fi
  printf '%s\\n' "$value" >"/proc/sys/$path" || {
    echo "sysctl: $path does not take \\"$value\\"" >&2
    exit 1
  }
  echo "$path = $value"
done </etc/sysctl.list
`;
