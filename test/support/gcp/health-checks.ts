/**
 * Plays health checks, global and regional.
 *
 * Source: Compute Engine API, healthChecks.
 * Assumed: the words of refusals.
 */
import type { Kind } from "./compute.ts";
import { inUse, invalid } from "./refusal.ts";
import type { Json } from "./schemas.ts";

const PROTOCOLS: Readonly<Record<string, string>> = {
  httpHealthCheck: "HTTP",
  httpsHealthCheck: "HTTPS",
  http2HealthCheck: "HTTP2",
  tcpHealthCheck: "TCP",
  sslHealthCheck: "SSL",
};

/** The collection of health checks. */
export const HEALTH_CHECKS: Kind = {
  collection: "healthChecks",
  kind: "healthCheck",
  scopes: ["global", "regions"],
  schema: "HealthCheck",
  insert: (_, body) => ({ made: checkHealthCheck(body) }),
  remove(world, path) {
    const user = world
      .list("projects", "instanceGroupManagers")
      .find(({ autoHealingPolicies = [] }: Json) => autoHealingPolicies.some(({ healthCheck }: Json) => healthCheck.endsWith(`/${path}`)));
    if (user) throw inUse("health_check", path, user.selfLink.replace(/^.*\/compute\/v1\//, ""));
  },
  verbs: {
    patch: {
      schema: "HealthCheck",
      run: (_, resource, body) => void Object.assign(resource, body, checkHealthCheck({ ...resource, ...body })),
    },
  },
};

/** @returns the check with its defaults */
function checkHealthCheck(body: Json): Json {
  const named = Object.keys(PROTOCOLS).filter((name) => body[name] !== undefined);
  const type = PROTOCOLS[named[0] ?? ""];
  if (named.length !== 1 || (body.type !== undefined && body.type !== type))
    throw invalid("resource.type", body.type ?? named.join(), "Exactly one health check must be specified, of the type that is named.");
  const { checkIntervalSec = 5, timeoutSec = 5, healthyThreshold = 2, unhealthyThreshold = 2 } = body;
  for (const [name, value, most] of [
    ["checkIntervalSec", checkIntervalSec, 300],
    ["timeoutSec", timeoutSec, 300],
    ["healthyThreshold", healthyThreshold, 10],
    ["unhealthyThreshold", unhealthyThreshold, 10],
  ])
    if (value < 1 || value > most) throw invalid(`resource.${name}`, value, `Must be between 1 and ${most}.`);
  if (timeoutSec > checkIntervalSec) throw invalid("resource.timeoutSec", timeoutSec, "Must not be greater than checkIntervalSec.");
  const { port, requestPath } = body[named[0] as string];
  if (port !== undefined && (port < 1 || port > 65535)) throw invalid(`resource.${named[0]}.port`, port, "Must be between 1 and 65535.");
  if (requestPath !== undefined && !requestPath.startsWith("/"))
    throw invalid(`resource.${named[0]}.requestPath`, requestPath, "Must begin with '/'.");
  return { type, checkIntervalSec, timeoutSec, healthyThreshold, unhealthyThreshold };
}
