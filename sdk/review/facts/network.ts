import type { Container } from "../../definition/container.ts";
import type { Phase } from "../../definition/definition.ts";
import { networkKind, publishedPorts } from "../../definition/service-network.ts";
import type { PartFacts } from "../fact.ts";

/** The facts of a container's network: its kind, the ports that lead in, where it may connect to, its links. */
export function addNetwork(facts: PartFacts, container: Container, phase: Phase): void {
  const kind = networkKind(container, phase);
  const isUsual = kind === (phase === "services" ? "private" : "host");
  facts.add("network", "", ["net"], isUsual ? undefined : kind === "path" ? container.net : kind);
  facts.add("forwards", "", ["forwards"], container.forwards === true ? true : undefined);
  if (kind !== "private") return;
  for (const { outside, inside, protocol } of publishedPorts(container))
    facts.add("port", `${outside}/${protocol}`, ["publish", `${outside}/${protocol}`, inside], inside);
  for (const { to, port, protocol } of container.egress ?? []) {
    // tcp is the default with a port, and 53 that of the name servers
    const number = to === "dns" && port === 53 ? undefined : port;
    const where = `${to}${number === undefined ? "" : `:${number}`}${protocol === undefined || (number !== undefined && protocol === "tcp") ? "" : `/${protocol}`}`;
    facts.add("egress", where, ["egress", where], true);
  }
}
