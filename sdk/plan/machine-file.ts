import type { Arch } from "../core/arch.ts";
import type { Hardening } from "../hardening/profile.ts";
import { hardeningParameters } from "../hardening/profile.ts";
import { CLOSED } from "../guest/cloud-addresses.ts";
import { DESCRIPTION_VERSION, descriptionText, type MachineDescription } from "../guest/description.ts";
import type { PrivateNetwork } from "../guest/firewall.ts";

/** What the machine's description is made from. */
export interface MachineParts {
  readonly networks: readonly PrivateNetwork[];
  /** Whether a service passes packets on between networks. @default false */
  readonly forwards?: boolean;
  /** The guest's links to files of the init: see `sharedLinks`. */
  readonly shared: NonNullable<MachineDescription["shared"]>;
  readonly harden: Hardening | undefined;
  readonly arch: Arch;
}

/** The text of the machine's description. */
export function machineText({ networks, forwards = false, shared, harden, arch }: MachineParts): string {
  const description: MachineDescription = {
    version: DESCRIPTION_VERSION,
    ...(harden && { parameters: parameters(harden, arch) }),
    ...(shared.length > 0 && { shared }),
    ...(networks.length > 0 && {
      firewall: { ...(forwards && { forwards }), closed: CLOSED.map(closed), networks: networks.map(network) },
    }),
  };
  return descriptionText(description);
}

type Firewall = NonNullable<MachineDescription["firewall"]>;

function closed({ to, protocol, ports }: (typeof CLOSED)[number]): Firewall["closed"][number] {
  return { to, ...(protocol && { protocol }), ...(ports && { ports: [...ports] }) };
}

function network({ link, gateway, address, publish, egress }: PrivateNetwork): Firewall["networks"][number] {
  return { link, gateway, address, publish: publish.map((port) => ({ ...port })), egress: egress.map((one) => ({ ...one })) };
}

function parameters(harden: Hardening, arch: Arch): NonNullable<MachineDescription["parameters"]> {
  const pairs = (lines: readonly string[]) =>
    lines.map((line) => ({ path: line.slice(0, line.indexOf(" ")), value: line.slice(line.indexOf(" ") + 1) }));
  const { early, last } = hardeningParameters(harden, arch);
  return { early: pairs(early), last: pairs(last) };
}
