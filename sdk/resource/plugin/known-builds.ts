import type { Digest } from "../../core/digest.ts";
import type { ImageBuildInputs } from "./image-build-inputs.ts";
import type { ImageBuildOutputs } from "./image-build-outputs.ts";

/** A build of a stack: its inputs, with their keys, and its outputs. */
export interface KnownBuild {
  readonly inputs: ImageBuildInputs;
  readonly outputs: ImageBuildOutputs;
}

/**
 * Builds of the stacks that this process works on, by digest. A host that never built an image finds its inputs here,
 * because its cache has no record. The engine shows each build of a stack to the plugin before the resources that use it.
 */
const known = new Map<Digest, KnownBuild>();

export function rememberBuild(build: KnownBuild): void {
  known.set(build.outputs.digest, build);
}

export function knownBuild(digest: Digest): KnownBuild | undefined {
  return known.get(digest);
}
