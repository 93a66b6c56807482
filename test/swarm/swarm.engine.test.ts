import { test } from "node:test";
import { swarmLife } from "./support/swarm-life.ts";

test("three managers of examples/swarm keep a service answering when one is lost", { timeout: 1_800_000 }, (t) =>
  swarmLife(t, { rolls: false }),
);
