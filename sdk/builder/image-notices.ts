import { formatPath } from "../core/property-path.ts";
import type { Container } from "../definition/container.ts";
import { containersOf, type Phase } from "../definition/definition.ts";
import { checkedLabel, labelText } from "../definition/label.ts";
import { labelParts, trustsLabel } from "../definition/label-rules.ts";
import { SIGTERM, signalNumber } from "../definition/signal.ts";
import type { ImageConfig } from "../oci/image-config.ts";
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
    return [...labelNotice(config.label, container, phase, location), ...linuxkitNotices(config, container, phase, location)];
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

/** What LinuxKit ignores of an image. */
function linuxkitNotices({ user, stopSignal, label }: ImageConfig, container: Container, phase: Phase, location: string): string[] {
  if (container.sandbox !== "linuxkit") return [];
  const ignored = `has no effect with sandbox: "linuxkit"`;
  const hasUser = container.uid !== undefined || label["uid"] !== undefined;
  const hasSignal = phase !== "services" || container.stopSignal !== undefined || signalNumber(stopSignal) === SIGTERM;
  return [
    ...(hasUser || isRoot(user) ? [] : [`${location}: its USER ${JSON.stringify(user)} ${ignored}, and it runs as root: set uid and gid`]),
    ...(hasSignal || stopSignal === ""
      ? []
      : [`${location}: its STOPSIGNAL ${JSON.stringify(stopSignal)} ${ignored}, and it gets SIGTERM`]),
  ];
}

function isRoot(user: string): boolean {
  return ["", "root", "0"].includes(user.split(":")[0] ?? "");
}
