import type { Json } from "../core/json.ts";

/** Settings of daemon.json that `docker` sets itself, with what to set instead. */
export const OWN_SETTINGS: ReadonlyMap<string, string> = new Map([
  ["containerd", "nothing: the service containerd is used"],
  ["data-root", "data"],
  ["exec-root", "nothing: it is in memory"],
  ["hosts", "socket"],
  ["live-restore", "nothing: it is on"],
  ["pidfile", "nothing: the machine watches the engine"],
]);

/** Those that `network` sets. */
export const ADDRESS_SETTINGS: readonly string[] = ["bip", "default-address-pools"];

/** Settings by which every network of the engine takes 256 addresses of one network, the default bridge the first. */
export function addressSettings(cidr: string): Readonly<Record<string, Json>> {
  const first = networkNumber(cidr);
  return { bip: `${dotted(first + 1)}/24`, "default-address-pools": [{ base: `${dotted(first)}/${bitsOf(cidr)}`, size: 24 }] };
}

/** The bits of a network that are fixed: 16 of `10.200.0.0/16`. */
export function bitsOf(cidr: string): number {
  return Number(cidr.split("/")[1] ?? 32);
}

/** The first address of a network, as a number. */
function networkNumber(cidr: string): number {
  const address = (cidr.split("/")[0] ?? "").split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - bitsOf(cidr));
  return Math.floor(address / size) * size;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
