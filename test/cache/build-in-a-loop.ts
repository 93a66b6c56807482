/* A process that resolves and builds one system again and again, from a cache that others share: see shared.judge.test.ts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDefinition } from "../../sdk/builder/build.ts";
import { Image } from "../../sdk/definition/image.ts";
import { Service } from "../../sdk/definition/service.ts";

const [cacheDir, seconds, ...references] = process.argv.slice(2) as [string, string, ...string[]];
const { spec } = new Image({ services: references.map((image, at) => new Service(`s${at}`, { image, net: "host" })) });
const ends = Date.now() + Number(seconds) * 1000;
const digests = new Set<string>();
let builds = 0;
while (Date.now() < ends) {
  const outputDir = await mkdtemp(join(tmpdir(), "shared-build-"));
  try {
    const { digest } = await buildDefinition(spec, { format: "tar", outputDir, cacheDir, sbom: false });
    digests.add(digest);
    builds++;
  } finally {
    await rm(outputDir, { recursive: true, force: true });
  }
}
process.stdout.write(JSON.stringify({ builds, digests: [...digests] }));
