import { type GuestContainer, GUEST_FILE, guestContainer } from "../guest/container.ts";
import type { RuntimeActions } from "../guest/runtime-actions.ts";
import type { PrivateNetwork } from "../guest/firewall.ts";
import type { Bundle } from "../runtime/bundle.ts";
import { fileStep } from "./entry-step.ts";
import type { EntryStep } from "./plan.ts";

/** The shell file that the guest's own init reads next to a bundle's JSON. `all` are the bundles of the OS, for the order of their start. */
export function guestStep(bundle: Bundle, all: readonly Bundle[], network: PrivateNetwork | undefined): EntryStep {
  const { health, restart, restartLimit, timeout, optional, stopTimeout, after, log, sandbox } = bundle.container;
  const { name, phase, path, readonly, unpacks, tree, uid, gid, idBase, privateNetwork, memoryLimited, ownGroup, secrets } = bundle;
  const container: GuestContainer = {
    name,
    phase,
    directory: path.slice(path.lastIndexOf("/") + 1),
    rootfs: { readonly, ...(!unpacks && { extracted: `/${tree}` }) },
    runtime: JSON.parse(bundle.runtime) as RuntimeActions,
    uid: idBase + uid,
    gid: idBase + gid,
    ...(idBase > 0 && { idBase }),
    privateNetwork,
    // the schema has checked for exactly one of http, tcp and command, which its type does not express
    ...(network && { link: { link: network.link, gateway: network.gateway, address: network.address } }),
    ...(health && { health: health as unknown as NonNullable<GuestContainer["health"]> }),
    ...(restart && { restart }),
    ...(timeout !== undefined && { timeout }),
    ...(optional !== undefined && { optional }),
    ...(stopTimeout !== undefined && { stopTimeout }),
    ...(after && { after }),
    before: all.filter(({ container: other }) => phase === "services" && other.after?.includes(name)).map((other) => other.name),
    ...(restartLimit && { restartLimit: restartLimit as NonNullable<GuestContainer["restartLimit"]> }),
    ...(log?.size !== undefined && { logSize: log.size }),
    ...(sandbox !== "linuxkit" && ownGroup && { memory: memoryLimited ? "limited" : "unlimited" }),
    secrets: [...secrets].sort(),
  };
  return fileStep(`${path}/${GUEST_FILE}`, guestContainer(container));
}
