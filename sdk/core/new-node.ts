import { oldNode } from "./node-version.ts";

// The first import of each entry, so that it runs before all others. They must link on an older Node too: a named import of what
// its modules lack would end the program before this runs.
const problem = oldNode(process.versions.node);
if (problem !== undefined) throw new Error(problem);
