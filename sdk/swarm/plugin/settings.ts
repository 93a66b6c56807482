import { z } from "zod";
import { checkInputs } from "../../plugin/check-inputs.ts";
import type { Properties } from "../../plugin/value.ts";
import { LinuxKitError } from "../../core/errors.ts";

/** What a member of a swarm has of its own. */
export const swarmSettings = z.strictObject({
  /** The IPv4 network from which overlay networks take 256 addresses each. A swarm that exists keeps its own. */
  overlays: z.cidrv4(),
  /** Whether managers encrypt what they keep with a key that is not on their disk. */
  autolock: z.boolean().default(false),
});

export type SwarmSettings = Readonly<z.output<typeof swarmSettings>>;

/** @throws INVALID_DEFINITION */
export function settingsOf(given: unknown): SwarmSettings {
  const { inputs, failures = [] } = checkInputs(swarmSettings, given as Properties);
  const [first] = failures;
  if (first) throw new LinuxKitError("INVALID_DEFINITION", `member.settings.${first.path}: ${first.message}`, { path: first.path });
  return inputs as unknown as SwarmSettings;
}
