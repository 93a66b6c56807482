import type { Input } from "@pulumi/pulumi/output.js";
import { checkWhole, type Range, refused, whenKnown } from "../../sdk/machine/check-arguments.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { checkInstance } from "./instance-checks.ts";

/** Zones that a group spreads over by default. Source: Compute Engine, "Regional MIGs". */
export const ZONES = 3;

/** Seconds. Source: compute v1, `InstanceGroupManagerAutoHealingPolicy.initialDelaySec`. */
const LONGEST_DELAY = 3600;

const RANGES: Readonly<Partial<Record<keyof FleetArgs, Range>>> = {
  count: { least: 0 },
  healthCheckGracePeriod: { least: 0, most: LONGEST_DELAY },
  healthPort: { least: 1, most: 65535 },
  stallSeconds: { least: 1 },
};

/** Checks what Google Cloud would refuse only after the image has been uploaded. @throws INVALID_DEFINITION */
export function checkFleet(name: string, args: FleetArgs): void {
  checkInstance(name, args);
  const { zones, maxSurge, maxUnavailable = 0, healthPath } = args;
  for (const [path, range] of Object.entries(RANGES)) {
    const given = args[path as keyof FleetArgs] as Input<number> | undefined;
    if (given !== undefined) whenKnown([given], (value) => checkWhole(name, path, value, range));
  }
  if (healthPath !== undefined)
    whenKnown([healthPath], (path) => {
      if (!path.startsWith("/")) throw refused(name, "healthPath", JSON.stringify(path), "a path that begins with /");
    });
  whenKnown([zones ?? [], maxSurge ?? -1, maxUnavailable], (zones, surge, unavailable) => {
    const count = zones.length || ZONES;
    // Compute Engine, "Automatically apply VM configuration updates in a MIG": fixed values of a regional group
    const check = (path: string, value: number) => {
      if (!Number.isInteger(value) || value < 0 || (value > 0 && value < count))
        throw refused(name, path, String(value), `0, or at least ${count}, the number of zones`);
    };
    if (surge !== -1) check("maxSurge", surge);
    check("maxUnavailable", unavailable);
    if (surge === 0 && unavailable === 0) throw refused(name, "maxSurge", "0, as maxUnavailable is", "one of them above 0");
  });
}
