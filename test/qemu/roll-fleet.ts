// Updates a fleet as the plugin does, and prints its progress. Arguments: STATE_DIR ID INPUTS_JSON OLD_INPUTS_JSON
import { writeSync } from "node:fs";
import { FleetRun } from "./fleet-run.ts";

const [stateDir = "", id = "", inputs = "{}", before = "{}"] = process.argv.slice(2);
const run = new FleetRun(stateDir, ({ message, lasting }) => lasting && writeSync(1, `${message}\n`));
const nothing = { machines: [], urls: [], running: 2 };
await run.update(id, JSON.parse(inputs), JSON.parse(before), nothing);
