/* The floor of a build with everything cached: `copy.ts FROM TO` copies through Node with a sha256 and an fsync. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

const [from, to] = process.argv.slice(2) as [string, string];
const began = performance.now();
await using source = await open(from);
await using target = await open(to, "w");
const hash = createHash("sha256");
const buffer = Buffer.allocUnsafe(1 << 20);
for (;;) {
  const { bytesRead } = await source.read(buffer, 0, buffer.length);
  if (bytesRead === 0) break;
  hash.update(buffer.subarray(0, bytesRead));
  await target.write(buffer, 0, bytesRead);
}
await target.sync();
process.stdout.write(JSON.stringify({ seconds: (performance.now() - began) / 1000, sha256: hash.digest("hex") }));
