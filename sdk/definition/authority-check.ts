import { isDeferred } from "../core/deferred.ts";
import { type Failure, failure } from "../core/failure.ts";
import { shown } from "../core/shown.ts";
import type { Definition } from "./definition.ts";

/** The authority of a check over TLS is a secret of the service itself. */
export function authorityFailures({ services }: Definition): Failure[] {
  return Object.entries(services).flatMap(([name, service]) => {
    if (isDeferred(service) || isDeferred(service.health) || isDeferred(service.secrets)) return [];
    const secret = service.health?.https?.caSecret;
    const names = Object.keys(service.secrets ?? {});
    if (typeof secret !== "string" || names.includes(secret)) return [];
    const wanted =
      names.length > 0 ? `wanted one of its secrets: ${names.join(", ")}` : "and the service has no secrets: give it in secrets";
    return [failure(["services", name, "health", "https", "caSecret"], `got ${shown(secret)}, ${wanted}`)];
  });
}
