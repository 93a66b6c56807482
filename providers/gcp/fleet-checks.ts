import type { Input } from "@pulumi/pulumi/output.js";
import { refused, whenKnown } from "../../sdk/machine/check-arguments.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { checkInstance } from "./instance-checks.ts";

/** Zones that a group spreads over by default. Source: Compute Engine, "Regional MIGs". */
export const ZONES = 3;

/** Seconds. Source: compute v1, `InstanceGroupManagerAutoHealingPolicy.initialDelaySec`. */
const LONGEST_DELAY = 3600;

/** Checks what Google Cloud would refuse only after the image has been uploaded. @throws INVALID_DEFINITION */
export function checkFleet(name: string, args: FleetArgs): void {
  checkInstance(name, args);
  const { zones, maxSurge, maxUnavailable = 0, healthPath } = args;
  number(name, "count", args.count, 0, Number.POSITIVE_INFINITY);
  number(name, "healthCheckGracePeriod", args.healthCheckGracePeriod, 0, LONGEST_DELAY);
  number(name, "healthPort", args.healthPort, 1, 65535);
  number(name, "stallSeconds", args.stallSeconds, 1, Number.POSITIVE_INFINITY);
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

function number(name: string, path: string, given: Input<number> | undefined, least: number, most: number): void {
  if (given === undefined) return;
  whenKnown([given], (value) => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    const range = most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`;
    throw refused(name, path, String(value), `a whole number ${range}`);
  });
}
