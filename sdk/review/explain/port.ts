import { formatPath } from "../../core/property-path.ts";
import type { Definition } from "../../definition/definition.ts";
import { networkKind, publishedPorts } from "../../definition/service-network.ts";
import { partsOf } from "../part.ts";
import { masked } from "../masked.ts";
import type { Answer } from "./answer.ts";

/** Who is reached on a port, and who connects to one of this number. */
export function explainPort(definition: Definition, port: number, protocol: "tcp" | "udp" | undefined): Answer[] {
  const isAsked = (number: number | undefined, kind: "tcp" | "udp" | undefined): boolean =>
    number === port && (protocol === undefined || kind === undefined || kind === protocol);
  const { api, healthPort } = definition;
  const machine: Answer[] = [
    ...(api && isAsked(api.port, "tcp")
      ? [{ part: "api", message: "the machine's interface answers on it to clients with a certificate", steps: ["api", "port"] }]
      : []),
    ...(isAsked(healthPort, "tcp")
      ? [{ part: "healthPort", message: "the machine answers GET /healthz on it", steps: ["healthPort"] }]
      : []),
  ];
  const containers = partsOf(definition).flatMap(({ steps, placed }): Answer[] => {
    const part = formatPath(steps);
    const { container, phase } = placed;
    const kind = networkKind(container, phase);
    if (kind === "host" && phase === "services")
      return [{ part, message: "it has the machine's network, so it may listen on it too", steps: placed.steps }];
    if (kind !== "private") return [];
    const published = publishedPorts(container).flatMap(({ outside, inside, protocol: own, steps: at }): Answer[] => {
      const where = {
        part,
        steps: [...placed.steps, ...at],
        neededBy: container.command && [masked(container.command.join(" "), "command")],
      };
      if (isAsked(outside, own)) return [{ ...where, message: `the machine's port ${outside}/${own} leads to its port ${inside}` }];
      return isAsked(inside, own) ? [{ ...where, message: `it listens on it; outside it is the machine's port ${outside}/${own}` }] : [];
    });
    const egress = (container.egress ?? []).flatMap(({ to, port: number, protocol: own }, index): Answer[] =>
      isAsked(number, own) ? [{ part, message: `it may connect to ${to} on it`, steps: [...placed.steps, "egress", index] }] : [],
    );
    return [...published, ...egress];
  });
  return [...machine, ...containers];
}
