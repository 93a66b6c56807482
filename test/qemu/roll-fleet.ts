// Updates a fleet as the plugin does, and prints its progress. Arguments: STATE_DIR INPUTS_JSON OLD_INPUTS_JSON
import { writeSync } from "node:fs";
import { FleetRun } from "./fleet-run.ts";

const [stateDir = "", inputs = "{}", before = "{}"] = process.argv.slice(2);
const run = new FleetRun(stateDir, ({ message, lasting }) => lasting && writeSync(1, `${message}\n`));
const nothing = { machines: [], urls: [], running: 2 };
await run.update("qemu:web-1", JSON.parse(inputs), JSON.parse(before), nothing);
