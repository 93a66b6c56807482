import type { ImageSource } from "../definition/container.ts";
import type { Definition } from "../definition/definition.ts";
import { networkKind } from "../definition/network.ts";

/** What a firewall of private networks takes of the kernel; what these need comes along. */
export const FIREWALL_MODULES: readonly string[] = ["veth", "nft_ct", "nft_chain_nat", "nft_nat", "nft_masq", "nft_reject_ipv4"];

/** A definition whose init has nft, and whose kernel the modules for it, where a service has a network of its own. */
export function withPrivateNetwork(definition: Definition): Definition {
  if (!Object.values(definition.services).some((service) => networkKind(service) === "private")) return definition;
  const { kernel } = definition;
  return {
    ...definition,
    init: definition.init.map((image) => (isRole(image, "init") ? { ...image, debian: { ...image.debian, packages: [...image.debian.packages, "nftables"] } } : image)),
    ...(kernel && { kernel: { ...kernel, image: withModules(kernel.image) } }),
  };
}

function withModules(image: ImageSource): ImageSource {
  if (!isRole(image, "kernel")) return image;
  return { ...image, debian: { ...image.debian, modules: [...new Set([...(image.debian.modules ?? []), ...FIREWALL_MODULES])] } };
}

function isRole(image: ImageSource, role: string): image is Exclude<ImageSource, string> {
  return typeof image !== "string" && image.debian.role === role;
}
