// The executable side of a probe: the engine runs it from a stack's folder, and it leaves a record in that folder's parent.
import { writeFileSync } from "node:fs";
import { servePlugin } from "../../sdk/plugin/serve.ts";
import { probeProvider } from "./probe.ts";

const home = process.env.PULUMI_HOME as string;
const asked: string[] = [];
writeFileSync(`${home}/../plugin.pid`, String(process.pid));
writeFileSync(`${home}/../plugin.cwd`, process.cwd());
process.on("exit", () => writeFileSync(`${home}/../asked`, asked.join(",")));
await servePlugin(probeProvider({ asked, live: new Map() }));
