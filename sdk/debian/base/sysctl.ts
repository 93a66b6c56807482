import { z } from "zod";
import type { DebianImage } from "../../definition/debian-image.ts";
import { checked, debianImage } from "./arguments.ts";

/** The schema of {@link SysctlArgs}. */
export const sysctlSchema = z
  .record(
    z.string().regex(/^(?!.*\.\.)[a-z0-9_-]+([./][A-Za-z0-9_:@-]+)+$/, 'names such as "net.ipv4.ip_forward"'),
    z.union([z.string().regex(/^[^\n\0]*$/, "one line"), z.int()], { error: "a string or a whole number" }),
  )
  .refine((settings) => Object.keys(settings).length > 0, "at least one setting");

/** Kernel parameters by name: `{ "vm.overcommit_memory": 1 }`. As in sysctl(8), a `/` stands for a dot inside a part of the name. */
export type SysctlArgs = Readonly<Record<string, string | number>>;

/** An onboot task that sets kernel parameters, in order. If the kernel refuses or lacks one, the boot stops. @throws INVALID_DEFINITION */
export function sysctl(settings: SysctlArgs): DebianImage {
  const lines = Object.entries(checked("debian.sysctl", sysctlSchema, settings)).map(
    ([name, value]) => `${parameterPath(name)} ${value}\n`,
  );
  return debianImage(
    {
      program: "linuxkitd",
      files: [{ path: "etc/sysctl.list", contents: lines.join("") }],
    },
    {
      command: ["/usr/bin/linuxkitd", "sysctl"],
      // the parameters of the machine, not those of a namespace of the task's own
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
