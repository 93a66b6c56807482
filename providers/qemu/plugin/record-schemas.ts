import { z } from "zod";

/** A `ProcessId` that is read again. */
export const processRecord = z.object({ pid: z.int().min(1), started: z.string(), space: z.string().optional() });

/** What is read again of a `MachineRecord`. Members of other versions stay as they are. */
export const machineRecord = z.looseObject({
  version: z.literal(1),
  urn: z.string(),
  owner: z.string().optional(),
  phase: z.enum(["starting", "restarting", "running"]),
  maker: processRecord,
  machine: processRecord.optional(),
  nonce: z.string(),
  publish: z.array(z.string()),
  accelerator: z.string(),
  bootId: z.string().optional(),
  clusterEnds: z.boolean().optional(),
  member: z.object({ slot: z.int(), generation: z.string() }).optional(),
  inputs: z.looseObject({}),
});

/** The entry of a fleet that is being created. */
export const fleetRecord = z.object({ id: z.string(), urn: z.string(), maker: processRecord });

/** What a network's switch is started with again. */
export const networkRecord = z.object({ cidr: z.string(), hosts: z.record(z.string(), z.string()) });
