import type { Container } from "./container.ts";
import { isContainerEngine } from "./container-engine.ts";
import type { Placed } from "./definition.ts";
import { isDeferred } from "../core/deferred.ts";
import { type Failure, failure } from "../core/failure.ts";
import { shown } from "../core/shown.ts";
import { itemsOf } from "./inputs.ts";
import { networkKind } from "./service-network.ts";

/**
 * The capability that the kernel checks in the user namespace which owns a network (rtnetlink(7); Linux,
 * `rtnl_get_net_ns_capable` in net/core/rtnetlink.c). Each network is owned by the machine's users unless the service has
 * users of its own, so the holder also configures the network at the other end of its link: the machine's.
 */
export const NETWORK_ADMIN = "CAP_NET_ADMIN";

/** What to write instead. */
export const NETWORK_ADMIN_REMEDY = `userns: "private" beside it, net: "host", or the service without it`;

/** An engine mounts filesystems and makes devices, which the kernel refuses to users of its own (user_namespaces(7)). */
const ENGINE_REMEDY = `for an engine of containers net: "host" without publish and egress; docker({ data }) gives Docker as services that work`;

/** Refuses {@link NETWORK_ADMIN} in a network that is linked to the machine's, without users of the service's own. */
export function networkAdminFailures({ phase, steps, container }: Placed): Failure[] {
  const { net, publish, egress, sandbox, userns } = container;
  if ([net, publish, egress, sandbox, userns].some(isDeferred)) return [];
  if (networkKind(container, phase) !== "private" || ownsItsNetwork(userns)) return [];
  return (["capabilities", "capabilities.add", "ambient"] as const).flatMap((field) =>
    itemsOf(container[field]).flatMap(([index, name]) =>
      name === NETWORK_ADMIN || String(name).toLowerCase() === "all"
        ? [
            failure(
              [...steps, field, index],
              `got ${shown(name)}, which reaches the machine's links from a network beside the machine's; wanted ${isContainerEngine(container) ? ENGINE_REMEDY : NETWORK_ADMIN_REMEDY}`,
            ),
          ]
        : [],
    ),
  );
}

/** Whether a service with this field owns its network, because its users are not the machine's. */
export function ownsItsNetwork(userns: Container["userns"]): boolean {
  return userns === "private" || userns === "new";
}
