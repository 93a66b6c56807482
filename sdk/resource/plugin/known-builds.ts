import type { Digest } from "../../core/digest.ts";
import type { ImageBuildInputs } from "./image-build-inputs.ts";
import type { ImageBuildOutputs } from "./image-build-outputs.ts";

/** A build of a stack: how it is made, its keys among that, and what it came to. */
export interface KnownBuild {
  readonly inputs: ImageBuildInputs;
  readonly outputs: ImageBuildOutputs;
}

/**
 * Builds of the stacks that this process works on, by digest. A machine that never built an image finds here how it is
 * made, where its cache cannot know: the engine shows each build of a stack to the plugin before what uses it.
 */
const known = new Map<Digest, KnownBuild>();

export function rememberBuild(build: KnownBuild): void {
  known.set(build.outputs.digest, build);
}

export function knownBuild(digest: Digest): KnownBuild | undefined {
  return known.get(digest);
}
