import { z } from "zod";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

const server = word.regex(/^[A-Za-z0-9.:_-]+$/, "a host name or IP address");

/** The schema of {@link ChronyArgs}. */
export const chronySchema = fields({
  cloud: z.enum(["aws", "gcp", "azure"]).optional(),
  pools: z.array(server).optional(),
  servers: z.array(server).optional(),
  settings: z.array(word.regex(/^[^\n]+$/, "one line")).optional(),
});

/** Arguments of `debian.chrony`. */
export interface ChronyArgs {
  /**
   * The cloud whose own source comes first: the server of AWS or Google Cloud, the clock of Azure's host.
   * @default the cloud that the firmware names when the service starts; none if `servers` or `pools` is set
   * @example "gcp"
   */
  readonly cloud?: "aws" | "gcp" | "azure" | undefined;
  /** DNS names of server pools. @default ["2.debian.pool.ntp.org"], or none if `servers` is set @example ["pool.ntp.org"] */
  readonly pools?: readonly string[] | undefined;
  /** Host names or IP addresses of single servers. @default none @example ["169.254.169.123"] */
  readonly servers?: readonly string[] | undefined;
  /** Lines to append to chrony.conf(5). @default none @example ["maxupdateskew 100"] */
  readonly settings?: readonly string[] | undefined;
}

/**
 * A service that sets the clock. Its first three updates step the clock, because a virtual machine may start with any time;
 * later ones slew it. It does not listen on a port.
 *
 * By default it asks the source of the cloud that the machine runs on, and the clock of the host where Hyper-V or KVM gives one;
 * Debian's pool counts only while none of these answers. See the guest's `internal/chrony/sources.go` for each source.
 *
 * @throws INVALID_DEFINITION
 */
export function chrony(args: ChronyArgs = {}): DebianImage {
  const given = checked("debian.chrony", chronySchema, args);
  const { servers = [], settings = [], cloud = given.servers === undefined && given.pools === undefined ? "auto" : undefined } = given;
  const { pools = servers.length > 0 ? [] : ["2.debian.pool.ntp.org"] } = given;
  const lines = [
    ...(cloud === undefined ? [] : ["include /run/sources.conf"]),
    ...pools.map((name) => `pool ${name} iburst`),
    ...servers.map((name) => `server ${name} iburst`),
    "driftfile /run/chrony/drift",
    "makestep 1 3",
    // the kernel copies the time into the hardware clock
    "rtcsync",
    "port 0",
    "cmdport 0",
    "user _chrony",
    ...settings,
  ];
  const files = [{ path: "etc/chrony/chrony.conf", contents: `${lines.join("\n")}\n` }];
  return debianImage(
    { packages: ["chrony"], files, ...(cloud !== undefined && { program: "linuxkitd" as const }) },
    {
      command: cloud === undefined ? ["chronyd", "-d", "-f", "/etc/chrony/chrony.conf"] : ["/usr/bin/linuxkitd", "chrony", cloud],
      // the guest then gives it the clocks of the host, and no other device: see the guest's internal/container/clocks.go
      ...(cloud !== undefined && { annotations: { "pulumi-linuxkit.host-clocks": "read" } }),
      net: "host",
      capabilities: ["CAP_SYS_TIME", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_NET_BIND_SERVICE"],
      tmpfs: ["/run", "/tmp"],
      binds: ["/etc/resolv.conf:/etc/resolv.conf:ro"],
    },
  );
}
