// Creates a machine as the plugin does, prints its ID and outputs, and exits. Arguments: STATE_DIR INPUTS_JSON
import { writeSync } from "node:fs";
import { MachineRun } from "./machine-run.ts";

const [stateDir = "", inputs = "{}"] = process.argv.slice(2);
const run = new MachineRun(stateDir);
const created = await run.create(JSON.parse(inputs), { onProgress: ({ message }) => writeSync(1, `${JSON.stringify({ message })}\n`) });
writeSync(1, `${JSON.stringify(created)}\n`);
