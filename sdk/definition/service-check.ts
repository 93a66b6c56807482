import type { Step } from "../core/property-path.ts";
import type { Container } from "./container.ts";
import type { Definition, Placed } from "./definition.ts";
import { type Failure, failure } from "../core/failure.ts";
import { shown } from "../core/shown.ts";
import { isDeferred } from "../core/deferred.ts";
import { itemsOf } from "./inputs.ts";
import { isIpv4Network } from "./network.ts";
import { healthPorts, networkKind, publishedPorts } from "./service-network.ts";
import { didYouMean } from "../core/suggest.ts";

/** Failures between services: their order, their connections, and the ports of the machine. */
export function serviceFailures(definition: Definition): Failure[] {
  return [...orderFailures(definition), ...publishFailures(definition), ...egressFailures(definition), ...closedFailures(definition)];
}

/** Fields that have an effect only with the right kind of network. */
export function privateNetworkFailures({ phase, steps, container }: Placed): Failure[] {
  const failures: Failure[] = [];
  const refuse = (field: keyof Container, message: string): unknown => failures.push(failure([...steps, field], message));
  const linuxkit = container.sandbox === "linuxkit";
  const unclear = [container.net, container.publish, container.egress, container.sandbox].some(isDeferred);
  for (const field of ["publish", "egress"] as const) {
    if (container[field] === undefined || unclear || networkKind(container, phase) === "private") continue;
    refuse(
      field,
      linuxkit
        ? 'LinuxKit has no such network: leave out sandbox: "linuxkit"'
        : `has no effect on the network ${shown(container.net || "host")}, ${UNREACHED[field][container.net === "host" ? 0 : 1]}`,
    );
  }
  if (container.net === "private" && !linuxkit && phase !== "services")
    refuse("net", 'got "private", which only services support; wanted "host", "none" or an absolute path');
  return failures;
}

/** What to do about a field without effect, where the network is the machine's by the definition's own word, and else. */
const UNREACHED = {
  publish: ['where its ports are the machine\'s: leave it out, or set net: "private"', 'wanted net: "private"'],
  egress: ['where it connects to everything: leave it out, or set net: "private"', 'wanted net: "private"'],
} as const;

function orderFailures({ services }: Definition): Failure[] {
  const known = Object.keys(services);
  const failures: Failure[] = [];
  const named = (name: string): string[] => (isDeferred(services[name]) ? [] : settled(services[name]?.after).map(([, other]) => other));
  for (const [name, service] of Object.entries(services)) {
    if (isDeferred(service)) continue;
    for (const [index, other] of settled(service.after)) {
      const at: Step[] = ["services", name, "after", index];
      if (!known.includes(other))
        failures.push(
          failure(
            at,
            `got ${shown(other)}, which is not the name of a service${didYouMean(other, known) || wantedOf(known.filter((candidate) => candidate !== name))}`,
          ),
        );
      else {
        const way = wayBack(other, name, named);
        if (way) failures.push(failure(at, `${[name, ...way].join(" waits for ")}: none of them could start`));
      }
    }
  }
  return failures;
}

/** From `start` along `after` to `end`: the names on the way, both included. */
function wayBack(start: string, end: string, named: (name: string) => readonly string[]): string[] | undefined {
  const seen = new Set<string>();
  const walk = (name: string): string[] | undefined => {
    if (name === end) return [name];
    if (seen.has(name)) return undefined;
    seen.add(name);
    for (const next of named(name)) {
      const rest = walk(next);
      if (rest) return [name, ...rest];
    }
    return undefined;
  };
  return walk(start);
}

function publishFailures({ services, healthPort, api }: Definition): Failure[] {
  const taken = new Map<string, string>(typeof healthPort === "number" ? [[`${healthPort}/tcp`, "healthPort"]] : []);
  if (typeof api?.port === "number") taken.set(`${api.port}/tcp`, "api.port");
  const failures: Failure[] = [];
  const settledServices = Object.entries(services).filter(([, service]) => !isDeferred(service) && !isDeferred(service.net));
  // a server on the machine's own network shows its port only in its health check
  for (const [name, service] of settledServices) {
    if (networkKind(service) !== "host") continue;
    for (const { port } of healthPorts(service.health)) taken.set(`${port}/tcp`, `services.${name}`);
  }
  for (const [name, service] of settledServices) {
    if (networkKind(service) !== "private") continue;
    for (const { outside, protocol, steps } of publishedPorts(service)) {
      const key = `${outside}/${protocol}`;
      const owner = taken.get(key);
      const got = steps[0] === "publish" ? shown(service.publish?.[steps[1] as number]) : `${outside}, which is published`;
      const wanted =
        steps[0] === "publish"
          ? "wanted another port"
          : `wanted another port, or publish: ["OTHER:${outside}"], or publish: [] to keep it closed`;
      if (owner)
        failures.push(failure(["services", name, ...steps], `got ${got}, but ${key} of the machine belongs to ${owner}: ${wanted}`));
      else taken.set(key, `services.${name}`);
    }
  }
  return failures;
}

/** A service that may bind ports below 1024, none of them reachable. It was written for the machine's network. */
function closedFailures({ services }: Definition): Failure[] {
  const all = Object.entries(services);
  const named = new Set(all.flatMap(([, service]) => (isDeferred(service) ? [] : settled(service.egress).map(([, { to }]) => to))));
  return all.flatMap(([name, service]) => {
    if (isDeferred(service) || service.net || isDeferred(service.health) || networkKind(service) !== "private" || named.has(name))
      return [];
    const asked =
      service.health?.http?.socket === undefined ? (service.health?.http ?? service.health?.https ?? service.health?.tcp) : undefined;
    if (service.publish !== undefined || (asked && !(typeof asked.port === "number" && asked.port >= 1024))) return [];
    const reached = asked ? `only its port ${asked.port} is reachable` : "none of its ports is reachable";
    return (["capabilities", "capabilities.add"] as const).flatMap((field) =>
      itemsOf(service[field]).flatMap(([index, capability]) =>
        capability === "CAP_NET_BIND_SERVICE"
          ? [
              failure(
                ["services", name, field, index],
                `got "CAP_NET_BIND_SERVICE", for ports below 1024, but ${reached}: publish such a port, health-check one, set net: "host", or remove the capability`,
              ),
            ]
          : [],
      ),
    );
  });
}

/** The firewall compares addresses, and a name's change. */
const NO_NAMES = ': the firewall knows no host names, so allow { to: "any", port: 443 } with the port of the host, and { to: "dns" }';

function egressFailures({ services }: Definition): Failure[] {
  const reachable = Object.entries(services).flatMap(([name, service]) =>
    !isDeferred(service) && networkKind(service) === "private" ? [name] : [],
  );
  const failures: Failure[] = [];
  for (const [name, service] of Object.entries(services)) {
    if (isDeferred(service)) continue;
    for (const [index, { to, protocol, port }] of settled(service.egress)) {
      if (typeof to !== "string") continue;
      const at = ["services", name, "egress", index];
      if (to === "dns" && (port !== undefined || protocol !== undefined))
        failures.push(failure([...at, "to"], 'got "dns", which has a port of its own: leave out port and protocol'));
      if ((to === "any" || to === "dns") && Object.hasOwn(services, to))
        failures.push(failure([...at, "to"], `got ${shown(to)}, which is also the name of a service: rename the service`));
      if (to === "localhost" && Object.hasOwn(services, to))
        failures.push(failure([...at, "to"], 'got "localhost", the name that every service has for itself: rename the service'));
      if (to === "any" || to === "dns" || isIpv4Network(to) || reachable.includes(to)) continue;
      if (Object.hasOwn(services, to) && isDeferred(services[to])) continue;
      const why = Object.hasOwn(services, to)
        ? `has no network of its own, wanted net: "private" there, or an address`
        : `is neither an IPv4 network nor the name of a service${didYouMean(to, reachable) || (to.includes(".") ? NO_NAMES : "")}`;
      failures.push(failure([...at, "to"], `got ${shown(to)}, which ${why}`));
    }
  }
  return failures;
}

function wantedOf(names: readonly string[]): string {
  return names.length > 0 ? `, wanted one of ${names.join(", ")}` : ": there is no other service";
}

/** The items that are already known. */
function settled<T>(list: readonly T[] | undefined): [number, T][] {
  return itemsOf(list).filter(([, item]) => !isDeferred(item));
}
