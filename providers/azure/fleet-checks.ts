import type { Input } from "@pulumi/pulumi/output.js";
import { checkWhole, type Range, refused, whenKnown } from "../../sdk/machine/check-arguments.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { checkId, checkInstance } from "./instance-checks.ts";

/** Machines of a set that is in one placement group, which is the default. Source: Azure REST API, `singlePlacementGroup`. */
const ONE_PLACEMENT_GROUP = 100;

const RANGES: Readonly<Partial<Record<keyof FleetArgs, Range>>> = {
  count: { least: 0, most: 1000, unit: "machines, Azure's limit for a scale set" },
  minHealthyPercentage: { least: 0, most: 100, unit: "percent" },
  instanceWarmup: { least: 0, unit: "seconds" },
  // Azure REST API, `AutomaticRepairsPolicy.gracePeriod`: 10 to 90 minutes
  healthCheckGracePeriod: { least: 600, most: 5400, unit: "seconds: Azure waits 10 to 90 minutes" },
  healthPort: { least: 1, most: 65535 },
};

/** Checks what Azure would refuse only after the image has been uploaded. @throws INVALID_DEFINITION */
export function checkFleet(name: string, args: FleetArgs): void {
  checkInstance(name, args);
  for (const [path, range] of Object.entries(RANGES)) {
    const given = args[path as keyof FleetArgs] as Input<number> | undefined;
    if (given !== undefined) whenKnown([given], (value) => checkWhole(name, path, value, range));
  }
  for (const [index, port] of (args.ports ?? []).entries()) checkWhole(name, `ports[${index}]`, port, { least: 1, most: 65535 });
  checkCount(name, args);
  checkHealth(name, args);
}

/** A transform that is a function may set anything, so it is not asked. */
function checkCount(name: string, { count, transform }: FleetArgs): void {
  const changed = transform?.scaleSet;
  if (typeof changed === "function" || changed?.singlePlacementGroup === false) return;
  whenKnown([count], (count) => {
    if (count > ONE_PLACEMENT_GROUP)
      throw refused(
        name,
        "count",
        String(count),
        `at most ${ONE_PLACEMENT_GROUP}: a larger set spans placement groups, for good: transform: { scaleSet: { singlePlacementGroup: false } }`,
      );
  });
}

/** The port of the health probe: the fleet's, else its image's. */
export function healthPortOf({ healthPort, image }: FleetArgs): Input<number> | undefined {
  return healthPort ?? image?.spec.healthPort;
}

function checkHealth(name: string, args: FleetArgs): void {
  const { healthPath, backendPoolIds, healthProbeId } = args;
  if (backendPoolIds === undefined && healthProbeId !== undefined)
    throw refused(name, "healthProbeId", "an id without backendPoolIds", "both or neither");
  if (backendPoolIds !== undefined && healthProbeId === undefined)
    throw refused(name, "backendPoolIds", "ids without healthProbeId", "both or neither");
  if (backendPoolIds === undefined && healthPortOf(args) === undefined)
    throw refused(name, "healthPort", "nothing", "the port of the health probe: set healthPort here or in the image");
  if (healthPath !== undefined)
    whenKnown([healthPath], (path) => {
      if (!path.startsWith("/")) throw refused(name, "healthPath", JSON.stringify(path), "a path that begins with /");
    });
  if (backendPoolIds !== undefined)
    whenKnown([backendPoolIds], (ids) => {
      for (const [index, id] of ids.entries())
        checkId(name, `backendPoolIds[${index}]`, id, "Microsoft.Network/loadBalancers/NAME/backendAddressPools");
    });
  if (healthProbeId !== undefined)
    whenKnown([healthProbeId], (id) => checkId(name, "healthProbeId", id, "Microsoft.Network/loadBalancers/NAME/probes"));
}
