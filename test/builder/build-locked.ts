// Builds a definition from a lock, in one of several processes that must give the same bytes: `REQUEST_JSON OUTPUT_DIR CACHE_DIR`.
import { readFile } from "node:fs/promises";
import { buildDefinition } from "../../sdk/builder/build.ts";

const [request = "", outputDir = "", cacheDir = ""] = process.argv.slice(2);
const { definition, lock } = JSON.parse(await readFile(request, "utf8"));
const { segments } = await buildDefinition(definition, { format: "kernel+initrd", name: "web", outputDir, cacheDir, lock });
console.log(JSON.stringify({ made: segments.filter(({ cached }) => !cached).length, all: segments.length }));
