import type { Container } from "./container.ts";
import type { Phase } from "./definition.ts";
import { isDeferred } from "../core/deferred.ts";
import { itemsOf } from "./inputs.ts";
import { type PublishedPort, publishedPort } from "./network.ts";

/** Where {@link publishedPorts} found a port. */
export interface FoundPort extends PublishedPort {
  /** Steps from the service: `["publish", 0]`, `["health", "http", "port"]`. */
  readonly steps: readonly (string | number)[];
}

/** The ports of the machine that lead to a service in a network of its own: those that it publishes, else the one of its health check. */
export function publishedPorts({ publish: named, health }: Pick<Container, "publish" | "health">): FoundPort[] {
  if (named !== undefined) {
    return itemsOf(named).flatMap(([index, text]) => {
      const found = typeof text === "string" ? publishedPort(text) : undefined;
      return found ? [{ ...found, steps: ["publish", index] }] : [];
    });
  }
  return healthPorts(health).map(({ port: number, steps }) => ({ outside: number, inside: number, protocol: "tcp", steps }));
}

/** The port of a health check, as a list of at most one. */
export function healthPorts(health: Container["health"]): { readonly port: number; readonly steps: readonly string[] }[] {
  if (health === undefined || isDeferred(health)) return [];
  return (["http", "https", "tcp"] as const).flatMap((kind) => {
    const number = health[kind]?.port;
    return typeof number === "number" ? [{ port: number, steps: ["health", kind, "port"] }] : [];
  });
}

/**
 * The kind of a container's network: the machine's; only a loopback link; one of its own, behind the machine's firewall;
 * or that at a path.
 */
export type NetworkKind = "host" | "none" | "private" | "path";

/**
 * The network of a container. A service in the default sandbox has one of its own unless it sets another; tasks, and
 * containers in LinuxKit's sandbox, have the machine's.
 *
 * @param label the image's label, used if the definition sets nothing; known at once for an image made from packages, for
 *   another only once it is resolved
 */
export function networkKind(
  { net, image, publish: published, egress: named, sandbox }: Container,
  phase: Phase = "services",
  label?: string,
): NetworkKind {
  const own = phase === "services" && sandbox !== "linuxkit";
  // a label that is unknown when the definition is checked cannot override the definition
  const word = net || (typeof image === "object" ? image.config?.net : published || named ? undefined : label);
  if (own && (word === "private" || !word)) return "private";
  if (!word || word === "host" || word === "root") return "host";
  return word === "none" || word === "new" ? "none" : "path";
}

/**
 * Of services in networks of their own, the names of those that need a link to the machine: a port leads to them, they
 * connect to something, or another connects to them. For the others, a loopback link is enough and costs nothing.
 */
export function linkedServices(services: Readonly<Record<string, Container>>): ReadonlySet<string> {
  const named = new Set(Object.values(services).flatMap(({ egress: all = [] }) => all.map(({ to }) => to)));
  const linked = Object.entries(services).filter(
    ([name, service]) => named.has(name) || publishedPorts(service).length > 0 || (service.egress ?? []).length > 0,
  );
  return new Set(linked.map(([name]) => name));
}

/** The other services that `egress` of a service names, each once. */
export function namedServices({ egress = [] }: Pick<Container, "egress">, services: Readonly<Record<string, unknown>>): string[] {
  return [...new Set(egress.map(({ to }) => to).filter((to) => Object.hasOwn(services, to)))];
}
