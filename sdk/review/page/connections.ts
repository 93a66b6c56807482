import { parsePath } from "../../core/property-path.ts";
import type { Facts } from "../fact.ts";

/** Everything outside the machine that connects to it. */
export const OUTSIDE = "outside";
/** The machine itself, beside its services. */
export const MACHINE = "the machine";

/** Who may begin a connection to whom. */
export interface Connection {
  readonly from: string;
  readonly to: string;
  /** `80/tcp to 8080`, `443/tcp`, `every port`. */
  readonly over: string;
}

/** What happened to a connection. */
export type Fate = "kept" | "added" | "removed";
/** A connection of either system. */
export type ComparedConnection = Connection & { readonly fate: Fate };

/** What an operating system's services may connect to, and what may connect to them. */
export interface Network {
  /** The kind of each service's network, by its name: `private`, `host`, `none`, or the path of a namespace. */
  readonly services: ReadonlyMap<string, string>;
  readonly connections: readonly Connection[];
}

/** Reads the network from the facts. Only services are in it: tasks end before them, or run after them. */
export function networkOf(facts: Facts): Network {
  const all = [...facts.values()];
  const serviceOf = (part: string): string | undefined => {
    const [phase, name] = parsePath(part);
    return phase === "services" ? String(name) : undefined;
  };
  const services = new Map<string, string>();
  for (const { rule, part } of all) {
    const name = serviceOf(part);
    if (rule === "container" && name !== undefined) services.set(name, "private");
  }
  for (const { rule, part, value } of all) {
    const name = serviceOf(part);
    if (rule === "network" && name !== undefined) services.set(name, String(value));
  }
  const connections = all.flatMap(({ rule, part, name, value }): Connection[] => {
    const service = serviceOf(part);
    if (rule === "port" && service !== undefined) {
      const [outside = ""] = name.split("/");
      return [{ from: OUTSIDE, to: service, over: outside === String(value) ? name : `${name} to ${String(value)}` }];
    }
    if (rule === "egress" && service !== undefined) {
      const [, to = name, port, protocol] = /^(.+?)(?::(\d+))?(?:\/(tcp|udp))?$/.exec(name) ?? [];
      const over = port === undefined ? "every port" : `${port}/${protocol ?? "tcp"}`;
      return [{ from: service, to, over: to === "dns" && port === undefined ? "53" : over }];
    }
    if (rule === "api") return [{ from: OUTSIDE, to: MACHINE, over: `${String(value)}/tcp, with a certificate` }];
    if (rule === "health-port") return [{ from: OUTSIDE, to: MACHINE, over: `${String(value)}/tcp, /healthz` }];
    return [];
  });
  return { services, connections };
}
