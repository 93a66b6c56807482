import { LinuxKitError } from "../core/errors.ts";
import type { ContainerFields } from "../definition/container-fields.ts";
import type { Container } from "../definition/container.ts";
import type { Phase } from "../definition/definition.ts";
import { checkedLabel } from "../definition/label.ts";
import { isSet, labelParts, trustsLabel } from "../definition/label-rules.ts";
import type { ImageConfig } from "../oci/image-config.ts";

/** LinuxKit's container fields, merged with the image's label and configuration; without the sandbox's defaults. */
export type EffectiveFields = Omit<ContainerFields, "capabilities.add" | "binds.add" | "command" | "env" | "cwd"> & {
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
};

const OF_CONTAINER_ONLY = new Set([
  "image",
  "name",
  "restart",
  "health",
  "timeout",
  "stopTimeout",
  "stopSignal",
  "optional",
  "sandbox",
  "secrets",
  "capabilities.add",
  "binds.add",
  "restartLimit",
  "after",
  "log",
  "seccomp",
  "cgroup",
  "modules",
  "publish",
  "egress",
  "forwards",
  "label",
]);

/**
 * Merges by LinuxKit's precedence: the definition, then the image's `org.mobyproject.config` label, then the image's
 * configuration, of which only entrypoint, command, environment and working directory count. A field replaces the whole
 * field of lower precedence, with two exceptions: `runtime` merges member by member, and `capabilities.add` and
 * `binds.add` append to the label's list unless the definition has the list itself. In the default sandbox, what a label
 * would open is left out, unless the definition allows it.
 *
 * @param path the container's path in the definition, for messages
 * @throws INVALID_DEFINITION if the label has an unknown or invalid field
 */
export function effectiveFields(container: Container, image: ImageConfig, phase: Phase, path: string): EffectiveFields {
  const whole = checkedLabel(image.label, `${path}.image`);
  const label = trustsLabel(container) ? whole : labelParts(whole, container, phase).narrow;
  const merged: Record<string, unknown> = {};
  for (const source of [label, container] as const) {
    for (const [field, value] of Object.entries(source)) {
      if (OF_CONTAINER_ONLY.has(field) || !isSet(field, value)) continue;
      merged[field] = value;
    }
  }
  const capabilities = withAdded(container.capabilities, label.capabilities, container["capabilities.add"]);
  if (container.capabilities === undefined && container["capabilities.add"] !== undefined && capabilities && capabilities.length > 1) {
    const word = capabilities.find((name) => /^(all|none)$/i.test(name));
    if (word) {
      const at = `${path}.capabilities.add`;
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `${at}: cannot add to the label of the image, whose capabilities are "${word}"; set capabilities to the whole list instead`,
        { path: at },
      );
    }
  }
  const binds = withAdded(container.binds, label.binds, container["binds.add"]);
  const runtime = mergeRuntime(label.runtime, container.runtime);
  return {
    ...(merged as ContainerFields),
    ...(capabilities && { capabilities }),
    ...(binds && { binds }),
    ...(runtime && { runtime }),
    command: (merged["command"] as readonly string[] | undefined) ?? [...image.entrypoint, ...image.cmd],
    env: (merged["env"] as readonly string[] | undefined) ?? image.env,
    cwd: ((merged["cwd"] as string | undefined) ?? image.workingDir) || "/",
  };
}

/** Which of a container's merged binds and mounts come from the definition: only those may name a volume. */
export interface OwnSources {
  /** How many binds, at the end of the list. */
  readonly binds: number;
  readonly mounts: boolean;
}

export function ownSources(container: Container): OwnSources {
  return { binds: (container.binds ?? container["binds.add"] ?? []).length, mounts: container.mounts !== undefined };
}

type Words = readonly string[] | undefined;

function withAdded(own: Words, labels: Words, added: Words): Words {
  if (own !== undefined) return own;
  return added === undefined ? labels : [...(labels ?? []), ...added];
}

function mergeRuntime(label: ContainerFields["runtime"], own: ContainerFields["runtime"]): ContainerFields["runtime"] {
  if (!label || !own) return own ?? label;
  return { ...label, ...own, bindNS: { ...label.bindNS, ...own.bindNS } };
}
