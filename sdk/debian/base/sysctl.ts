import { z } from "zod";
import type { DebianImage } from "../../definition/debian-image.ts";
import { checked, debianImage } from "./arguments.ts";

const schema = z
  .record(
    z.string().regex(/^[a-z0-9_-]+([./][A-Za-z0-9_.:@*-]+)+$/, 'names such as "net.ipv4.ip_forward"'),
    z.union([z.string().regex(/^[^\n\0]*$/, "one line"), z.int()], { error: "a string or a whole number" }),
  )
  .refine((settings) => Object.keys(settings).length > 0, "at least one setting");

/** Kernel parameters by name: `{ "vm.overcommit_memory": 1 }`. */
export type SysctlArgs = z.input<typeof schema>;

/** An onboot task that sets kernel parameters; one that the kernel refuses stops the boot. */
export function sysctl(settings: SysctlArgs): DebianImage {
  const lines = Object.entries(checked("debian.sysctl", schema, settings)).map(([name, value]) => `${name} = ${value}\n`);
  return debianImage(
    { packages: ["busybox-static"], files: [{ path: "etc/sysctl.conf", contents: lines.join("") }] },
    {
      command: ["busybox", "sysctl", "-p", "/etc/sysctl.conf"],
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
