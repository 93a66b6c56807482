import type { Input } from "@pulumi/pulumi/output.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { BuildArgs } from "../../sdk/machine/args.ts";

/** An image's architecture as the program gives it; undefined where only the build tells it. */
export function archOf({ build, arch = "amd64" }: Pick<BuildArgs, "build" | "arch">): Input<Arch> | undefined {
  return build ? build.wantedArch : arch;
}
