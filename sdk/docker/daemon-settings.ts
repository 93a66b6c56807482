import { type Ipv4Network, ipv4Text } from "../core/ipv4.ts";
import type { Json } from "../core/json.ts";

/** Settings of daemon.json that `docker` sets itself, with what to set instead. */
export const OWN_SETTINGS: ReadonlyMap<string, string> = new Map([
  ["containerd", "nothing: the service containerd is used"],
  ["data-root", "data"],
  ["exec-root", "nothing: it is in memory"],
  ["hosts", "socket"],
  ["live-restore", "nothing: it is on, and off where the engine is a node of a swarm"],
  ["pidfile", "nothing: the machine watches the engine"],
]);

/** An engine in a swarm writes the keys of its gossip at the level info (moby, libnetwork/networkdb/cluster.go, "New memberlist node"). */
export const QUIET: Readonly<Record<string, Json>> = { "log-level": "warn" };

/** Those that `network` sets. */
export const ADDRESS_SETTINGS: readonly string[] = ["bip", "default-address-pools"];

/** Settings by which every network of the engine takes 256 addresses of one network, the default bridge the first. */
export function addressSettings({ first, bits }: Ipv4Network): Readonly<Record<string, Json>> {
  return { bip: `${ipv4Text(first + 1)}/24`, "default-address-pools": [{ base: `${ipv4Text(first)}/${bits}`, size: 24 }] };
}
