import { formatPath } from "../core/property-path.ts";
import type { Container } from "../definition/container.ts";
import { containersOf, type Phase } from "../definition/definition.ts";
import { checkedLabel, labelText } from "../definition/label.ts";
import { labelParts, trustsLabel } from "../definition/label-rules.ts";
import type { Resolved } from "../resolve/resolve.ts";

/**
 * What the images of registries ask for themselves and do not get, or get by the definition's word. A build says it: nothing
 * else shows it, and a program that lacks it only fails in the machine.
 */
export function imageNotices({ definition, images }: Resolved): string[] {
  return containersOf(definition).flatMap(({ phase, steps, container }) => {
    const location = `${formatPath(steps)}.image`;
    const config = images.get(location)?.config;
    if (!config || typeof container.image !== "string") return [];
    return [...labelNotice(config.label, container, phase, location)];
  });
}

function labelNotice(label: Readonly<Record<string, unknown>>, container: Container, phase: Phase, location: string): string[] {
  if (container.sandbox === "linuxkit") return [];
  const { wide } = labelParts(checkedLabel(label, location), container, phase);
  if (Object.keys(wide).length === 0) return [];
  return trustsLabel(container)
    ? [`${location}: its label opens the sandbox, by label: "allow": ${labelText(wide)}`]
    : [
        `${location}: its label asks for what the default sandbox does not give: ${labelText(wide)}; set the fields that it needs, or label: "allow" for all of them`,
      ];
}
