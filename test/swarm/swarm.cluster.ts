import { test } from "node:test";
import { swarmLife } from "./support/swarm-life.ts";

test("three managers of examples/swarm keep a service answering through a new image and a lost node", { timeout: 2_400_000 }, (t) =>
  swarmLife(t, { rolls: true }),
);
