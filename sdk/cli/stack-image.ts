import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LinuxKitError } from "../core/errors.ts";
import { isPlain } from "../core/deferred.ts";
import { SIGNATURE } from "../core/special-value.ts";
import type { Arch } from "../core/arch.ts";
import type { Definition } from "../definition/definition.ts";
import { listFiles } from "../definition/keyed-files.ts";
import type { Lock } from "../resolve/lock.ts";
import type { ReplacedMachines } from "../review/machines.ts";
import { UsageError } from "./command.ts";
import { type StackResource, stackMachines } from "./stack-machines.ts";

/** What a stack's state holds of an image: what was built last, and from which versions. */
export interface StackImage {
  readonly definition: Definition;
  readonly lock: Lock | undefined;
  readonly arch: Arch;
  /** The machines and fleets that run it. */
  readonly machines: readonly ReplacedMachines[];
}

/**
 * The image of a stack, from `pulumi stack export`. Values that are secret there stay unknown.
 *
 * @param stack the stack's name
 * @param name the name of the ImageBuild; needed if the stack has several
 * @throws NOT_FOUND, TOOL_MISSING, UsageError
 */
export async function stackImage(stack: string, name: string | undefined): Promise<StackImage> {
  const state = await exported(stack);
  const resources = state.deployment?.resources ?? [];
  const builds = resources.filter(
    ({ type, delete: isOld, inputs }) => type === "linuxkit:index:ImageBuild" && !isOld && isPlain(inputs?.["image"]),
  );
  const names = builds.map(({ urn }) => String(urn).split("::").at(-1) ?? "");
  const index = name === undefined && builds.length === 1 ? 0 : names.indexOf(name ?? "");
  const build = builds[index];
  if (build === undefined) {
    if (builds.length === 0)
      throw new LinuxKitError("NOT_FOUND", `stack:${stack}: the stack has no image that was built from a definition`, { what: stack });
    throw new UsageError(`stack:${stack}: choose one of its images with stack:${stack}#NAME: ${names.join(", ")}`);
  }
  const { image, arch = "amd64" } = build.inputs as { image: Definition; arch?: Arch };
  return {
    definition: listFiles(withoutSecrets(image)) as Definition,
    lock: build.outputs?.["lock"] as Lock | undefined,
    arch,
    machines: stackMachines(resources, build.urn ?? ""),
  };
}

interface Exported {
  readonly deployment?: { readonly resources?: readonly StackResource[] };
}

async function exported(stack: string): Promise<Exported> {
  try {
    const { stdout } = await promisify(execFile)("pulumi", ["stack", "export", "--stack", stack], { maxBuffer: 1 << 28 });
    return JSON.parse(stdout) as Exported;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT")
      throw new LinuxKitError("TOOL_MISSING", "pulumi not found: install it to compare with a stack", { tool: "pulumi" });
    const why = stderr?.trim().split("\n").at(-1) || "pulumi stack export failed";
    throw new LinuxKitError("NOT_FOUND", `stack:${stack}: ${why}`, { what: stack }, { cause: error });
  }
}

/** A copy with a text in the place of each secret. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, SIGNATURE)) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutSecrets(member)]));
}
