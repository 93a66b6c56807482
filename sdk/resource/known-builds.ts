import type { Digest } from "../core/digest.ts";
import type { BuildRecord } from "./keep-build.ts";

/**
 * Builds of the stacks that this process works on, by digest. A machine that never built an image finds here how it is
 * made, where its cache cannot know: the engine shows each build of a stack to the plugin before what uses it.
 */
const known = new Map<Digest, BuildRecord>();

export function rememberBuild(record: BuildRecord): void {
  known.set(record.outputs.digest, record);
}

export function knownBuild(digest: Digest): BuildRecord | undefined {
  return known.get(digest);
}
