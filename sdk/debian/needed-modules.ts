import type { Container } from "../definition/container.ts";
import type { ImageSource } from "../definition/debian-image.ts";
import { containersOf, type Definition } from "../definition/definition.ts";
import { linkedServices, networkKind, publishedPorts } from "../definition/service-network.ts";

/** The kernel modules for links and their firewall; dependencies are added later. */
const LINK_MODULES: readonly string[] = ["veth", "nft_ct", "nft_reject_ipv4", "nft_connlimit"];
const PUBLISH_MODULES: readonly string[] = ["nft_chain_nat", "nft_nat"];
const EGRESS_MODULES: readonly string[] = ["nft_chain_nat", "nft_masq"];

/**
 * A definition whose kernel has the modules that its containers name, and those of a firewall, where a service in a network of its
 * own has a link.
 */
export function withNeededModules(definition: Definition): Definition {
  const named = containersOf(definition).flatMap(({ container }) => container.modules ?? []);
  const modules = [...named, ...firewallModules(definition.services)];
  if (modules.length === 0) return definition;
  const { kernel } = definition;
  return {
    ...definition,
    ...(kernel && { kernel: { ...kernel, image: withModules(kernel.image, modules) } }),
  };
}

function firewallModules(services: Definition["services"]): readonly string[] {
  const linked = linkedServices(services);
  const guarded = Object.entries(services).flatMap(([name, service]) =>
    linked.has(name) && networkKind(service) === "private" ? [service] : [],
  );
  if (guarded.length === 0) return [];
  const leaves = ({ egress = [] }: Container): boolean => egress.some(({ to }) => !Object.hasOwn(services, to));
  return [
    ...LINK_MODULES,
    ...(guarded.some((service) => publishedPorts(service).length > 0) ? PUBLISH_MODULES : []),
    ...(guarded.some(leaves) ? EGRESS_MODULES : []),
  ];
}

function withModules(image: ImageSource, modules: readonly string[]): ImageSource {
  if (!isRole(image, "kernel")) return image;
  return { ...image, debian: { ...image.debian, modules: [...new Set([...(image.debian.modules ?? []), ...modules])] } };
}

function isRole(image: ImageSource, role: string): image is Exclude<ImageSource, string> {
  return typeof image !== "string" && image.debian.role === role;
}
