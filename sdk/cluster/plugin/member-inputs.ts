import { z } from "zod";
import { input } from "../../plugin/input.ts";

/** The input of a machine by which it is a member of a cluster. No part of it reaches the guest. */
export const memberInputs = z.strictObject({
  kind: input("The kind of the cluster: swarm or kubernetes.", z.string(), { onChange: "replace" }),
  role: input("What it is in the cluster.", z.string()),
  settings: input("What only this kind of cluster has.", z.record(z.string(), z.json()).default({})),
  keys: input(
    "By which the provider asks the cluster: the authority, a certificate and its key, as PEM.",
    z.strictObject({ ca: z.string(), certificate: z.string(), key: z.string() }),
    { secret: true, onChange: "update" },
  ),
});

/** Checked inputs of a member. */
export type MemberInputs = Readonly<z.output<typeof memberInputs>>;
