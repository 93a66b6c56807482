import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { fields, port } from "./fields.ts";
import type { Known } from "./inputs.ts";

const PUBLISH = /^(?:(\d{1,5}):)?(\d{1,5})(?:\/(tcp|udp))?$/;

/** A port of the machine that leads to one of the service. */
export interface PublishedPort {
  /** Of the machine. */
  readonly outside: number;
  /** Of the service. */
  readonly inside: number;
  /** The protocol. */
  readonly protocol: "tcp" | "udp";
}

/** Reads `80`, `8080:80` or `8080:80/udp`; undefined for anything else. */
export function publishedPort(text: string): PublishedPort | undefined {
  const [, outside, inside, protocol = "tcp"] = PUBLISH.exec(text) ?? [];
  const port = { outside: Number(outside ?? inside), inside: Number(inside), protocol: protocol as "tcp" | "udp" };
  return [port.outside, port.inside].every((number) => number >= 1 && number <= 65535) ? port : undefined;
}

/** `[machine's port:]service's port[/tcp or /udp]`. */
export const publish = z.string().refine((text) => publishedPort(text) !== undefined, '"80", "8080:80" or "8080:80/udp"');

const ADDRESS = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/;

/** Whether it is an IPv4 address, or a network as `10.0.0.0/8`. */
export function isIpv4Network(text: string): boolean {
  const [, ...parts] = ADDRESS.exec(text) ?? [];
  return parts.length > 0 && parts.slice(0, 4).every((part) => Number(part) <= 255) && Number(parts[4] ?? 0) <= 32;
}

/** One destination that a service in a network of its own may begin a connection to. */
export interface EgressArgs {
  /**
   * An IPv4 address or network; the name of a service in a network of its own, which then stands in `/etc/hosts`; `any`:
   * everything but link-local addresses, where clouds keep their metadata; or `dns`: the machine's name servers. A host's
   * name is not taken, because its addresses change: allow `any` with a port, and `dns`.
   * @example "10.0.0.0/8"
   */
  readonly to: Input<string>;
  /** The destination's port. @default every port; for `dns` 53 @example 443 */
  readonly port?: Input<number | undefined>;
  /** The protocol. @default "tcp" when there is a port, else both; for `dns` both */
  readonly protocol?: Input<"tcp" | "udp" | undefined>;
}

/** The schema of {@link EgressArgs}. */
export const egress = fields({
  to: z
    .string()
    .regex(
      /^[A-Za-z0-9_+][A-Za-z0-9_+.-]*(?:\/\d{1,2})?$/,
      'an IPv4 address or network, the name of a service, "any" or "dns", for hosts by name { to: "any", port: 443 } and { to: "dns" }',
    ),
  port: port.optional(),
  protocol: z.enum(["tcp", "udp"]).optional(),
});

/** One destination, as plain JSON. */
export type Egress = Known<EgressArgs>;
