import { z } from "zod";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

const server = word.regex(/^[A-Za-z0-9.:_-]+$/, "a host name or IP address");

/**
 * The NTP servers that answer inside a cloud, also in a network without a way out. Azure has none.
 *
 * Source: Amazon EC2 User Guide, "Set the time reference on your EC2 instance"; Compute Engine, "Configure NTP".
 */
const CLOUDS = { aws: ["169.254.169.123"], gcp: ["metadata.google.internal"], azure: [] } as const satisfies Record<
  string,
  readonly string[]
>;

/** The schema of {@link ChronyArgs}. */
export const chronySchema = fields({
  cloud: z.enum(["aws", "gcp", "azure"]).optional(),
  pools: z.array(server).optional(),
  servers: z.array(server).optional(),
  settings: z.array(word.regex(/^[^\n]+$/, "one line")).optional(),
});

/** Arguments of `debian.chrony`. */
export interface ChronyArgs {
  /** The cloud that the machine runs on: its own time server is asked first. Azure has none that answers by NTP. @default none @example "gcp" */
  readonly cloud?: "aws" | "gcp" | "azure" | undefined;
  /** DNS names of server pools. @default ["2.debian.pool.ntp.org"], or none if `servers` is set @example ["pool.ntp.org"] */
  readonly pools?: readonly string[] | undefined;
  /** Host names or IP addresses of single servers. @default none @example ["169.254.169.123"] */
  readonly servers?: readonly string[] | undefined;
  /** Lines to append to chrony.conf(5). @default none @example ["maxupdateskew 100"] */
  readonly settings?: readonly string[] | undefined;
}

/**
 * A service that sets the clock by NTP. Its first three updates step the clock, because a virtual machine may start with
 * any time; later ones slew it. It does not listen on a port.
 *
 * @throws INVALID_DEFINITION
 */
export function chrony(args: ChronyArgs = {}): DebianImage {
  const {
    cloud,
    servers = [],
    pools = servers.length > 0 ? [] : ["2.debian.pool.ntp.org"],
    settings = [],
  } = checked("debian.chrony", chronySchema, args);
  const lines = [
    ...(cloud === undefined ? [] : CLOUDS[cloud].map((name) => `server ${name} prefer iburst`)),
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
  return debianImage(
    { packages: ["chrony"], files: [{ path: "etc/chrony/chrony.conf", contents: `${lines.join("\n")}\n` }] },
    {
      command: ["chronyd", "-d", "-f", "/etc/chrony/chrony.conf"],
      net: "host",
      capabilities: ["CAP_SYS_TIME", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_NET_BIND_SERVICE"],
      tmpfs: ["/run", "/tmp"],
      binds: ["/etc/resolv.conf:/etc/resolv.conf:ro"],
    },
  );
}
