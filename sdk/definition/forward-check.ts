import { isDeferred } from "../core/deferred.ts";
import { type Failure, failure } from "../core/failure.ts";
import type { Container } from "./container.ts";
import type { Definition } from "./definition.ts";
import { itemsOf } from "./inputs.ts";
import { NETWORK_ADMIN } from "./network-admin.ts";
import { linkedServices, networkKind } from "./service-network.ts";

/** Modules by which a service makes networks of its own; without one, it has nothing to forward to. */
const NETWORKS = ["bridge", "br_netfilter", "ip_vs", "ipvlan", "macvlan", "tun", "vxlan", "wireguard"];

/**
 * Services whose packets the machine's firewall drops without a word: beside a service behind that firewall, what a container
 * engine forwards for its containers' ports goes nowhere.
 */
export function forwardFailures(definition: Definition): Failure[] {
  const services = Object.entries(definition.services);
  if (services.some(([, service]) => [service, service.net, service.sandbox, service.egress, service.publish].some(isDeferred))) return [];
  const linked = linkedServices(definition.services);
  const guarded = services.find(([name, service]) => linked.has(name) && networkKind(service) === "private")?.[0];
  const makesNetworks = modulesOf(definition).some((name) => NETWORKS.includes(name.replaceAll("-", "_")));
  return services.flatMap(([name, service]) => {
    const { forwards } = service;
    const onHost = networkKind(service) === "host";
    if (forwards !== undefined && !isDeferred(forwards) && !onHost)
      return [failure(["services", name, "forwards"], 'has no effect in a network of its own: wanted net: "host", or leave it out')];
    if (forwards !== undefined || !onHost || guarded === undefined || !makesNetworks || !isNetworkAdmin(service)) return [];
    const why = `the firewall of services.${guarded} drops what this service forwards`;
    return [
      failure(["services", name, "forwards"], `missing, and ${why}: wanted true if it forwards, as a container engine does, else false`),
    ];
  });
}

function modulesOf({ kernel, services }: Definition): string[] {
  const image = kernel?.image;
  const own = typeof image === "object" && !isDeferred(image) && !isDeferred(image.debian) ? image.debian.modules : undefined;
  return [own, ...Object.values(services).map(({ modules }) => modules)].flatMap((list) => itemsOf(list).map(([, name]) => String(name)));
}

function isNetworkAdmin(service: Container): boolean {
  return (["capabilities", "capabilities.add"] as const).some((field) =>
    itemsOf(service[field]).some(([, name]) => name === NETWORK_ADMIN || String(name).toLowerCase() === "all"),
  );
}
