import type { Definition } from "../definition/definition.ts";
import { isDeferred } from "../core/deferred.ts";
import { networkKind, publishedPorts } from "../definition/service-network.ts";

/**
 * The open ports of a machine, as `80/tcp`. Undefined if they cannot be known: a service on the machine's own network opens
 * any port, and so may a foreign init, an image that is not resolved yet, or a value that is known later.
 */
export function openPorts({ init, services, healthPort, api }: Definition): ReadonlySet<string> | undefined {
  if ([init, services, healthPort, api, api?.port].some(isDeferred) || init.length === 0) return undefined;
  if (init.some((source) => typeof source !== "object" || isDeferred(source))) return undefined;
  const open = new Set([healthPort, api?.port].flatMap((port) => (port === undefined ? [] : [`${port}/tcp`])));
  for (const service of Object.values(services)) {
    if (isDeferred(service) || isDeferred(service.image) || !isKnown([service.net, service.publish, service.health])) return undefined;
    const kind = networkKind(service);
    if (kind === "host" || kind === "path" || (typeof service.image === "string" && !service.net)) return undefined;
    for (const { outside, protocol } of publishedPorts(service)) open.add(`${outside}/${protocol}`);
  }
  return open;
}

function isKnown(value: unknown): boolean {
  if (isDeferred(value)) return false;
  return typeof value !== "object" || value === null || Object.values(value).every(isKnown);
}
