import { LinuxKitError } from "../core/errors.ts";
import { networkKind, publishedPort } from "../definition/network.ts";
import { privateLink, type PrivateNetwork } from "../guest/firewall.ts";
import type { Bundle } from "../runtime/bundle.ts";

/**
 * The services with a network of their own, by name, numbered in the order of the services.
 *
 * @param own whether the guest's own init runs: no other has the firewall
 * @throws INVALID_DEFINITION where nobody would make such a network
 */
export function privateNetworks(laidOut: readonly Bundle[], own: boolean): ReadonlyMap<string, PrivateNetwork> {
  const services = laidOut.filter(({ phase, container }) => phase === "services" && networkKind(container) === "private");
  const [first] = services;
  if (first && !own) {
    const path = `${first.location}.net`;
    throw new LinuxKitError("INVALID_DEFINITION", `${path}: got "private", which the guest's own init makes; wanted init: [debian.init()]`, { path });
  }
  const links = new Map(services.map(({ name }, index) => [name, privateLink(index)]));
  return new Map(services.map(({ name, container }): [string, PrivateNetwork] => [name, {
    ...(links.get(name) as ReturnType<typeof privateLink>),
    publish: (container.publish ?? []).flatMap((text) => publishedPort(text) ?? []),
    egress: (container.egress ?? []).map(({ to, port, protocol }) => ({
      to: links.get(to)?.address ?? to,
      ...(port !== undefined && { port }),
      ...(protocol !== undefined && { protocol }),
    })),
  }]));
}
