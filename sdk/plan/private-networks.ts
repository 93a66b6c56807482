import { LinuxKitError } from "../core/errors.ts";
import { linkedServices, namedServices, publishedPorts } from "../definition/service-network.ts";
import type { Definition } from "../definition/definition.ts";
import { MOST_LINKS, type PrivateNetwork, privateLinks } from "../guest/firewall.ts";
import type { Bundle } from "../runtime/bundle.ts";

/**
 * The networks of services with a link to the machine's firewall, by service name.
 *
 * @param own whether the guest's own init runs: only that one has the firewall
 * @throws INVALID_DEFINITION if the init cannot make such a network, or a named service has no network of its own
 */
export function privateNetworks(
  laidOut: readonly Bundle[],
  services: Definition["services"],
  own: boolean,
): ReadonlyMap<string, PrivateNetwork> {
  const guarded = laidOut.filter(({ phase, network }) => phase === "services" && network === "private");
  const [first] = guarded;
  if (first && !own) {
    throw refusal(
      `${first.location}.net`,
      `got "private"${first.container.net ? "" : " by default"}, which needs the guest's own init: set init: [debian.init()], or net: "host"`,
    );
  }
  const linked = linkedServices(services);
  const names = guarded.flatMap(({ name }) => (linked.has(name) ? [name] : []));
  if (names.length > MOST_LINKS) throw refusal("services", `got ${names.length} with a link to the machine, wanted at most ${MOST_LINKS}`);
  const links = privateLinks(names);
  const addressOf = (to: string, path: string): string => {
    const link = links.get(to);
    // the label of its image is known only now
    if (!link && Object.hasOwn(services, to))
      throw refusal(
        path,
        `got "${to}", whose image's label gives it no network of its own: set net: "private" in that service, or use an address`,
      );
    return link?.address ?? to;
  };
  return new Map(
    guarded.flatMap(({ name, location, container }): [string, PrivateNetwork][] => {
      const link = links.get(name);
      if (!link) return [];
      const egress = (container.egress ?? []).map(({ to, port, protocol }, index) => ({
        to: addressOf(to, `${location}.egress[${index}].to`),
        ...(port !== undefined && { port }),
        ...(protocol !== undefined && { protocol }),
      }));
      const publish = publishedPorts(container).map(({ outside, inside, protocol }) => ({ outside, inside, protocol }));
      const hosts = namedServices(container, services).map((other) => ({ name: other, address: addressOf(other, location) }));
      return [[name, { ...link, publish, egress, hosts }]];
    }),
  );
}

function refusal(path: string, message: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `${path}: ${message}`, { path });
}
