import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { openPorts } from "../../sdk/machine/open-ports.ts";
import { parsePublication } from "../../sdk/definition/publication.ts";

/**
 * Checks that some service of the guest opens every port that the host publishes, as far as the program knows it.
 *
 * @param what names the machine in errors
 * @param publish the program's argument; values that are not known yet are skipped
 * @throws INVALID_DEFINITION for a port that no service publishes
 */
export function checkPublished(what: string, publish: unknown, definition: Definition | undefined): void {
  const open = definition && openPorts(definition);
  if (!open || !Array.isArray(publish)) return;
  for (const [index, text] of publish.entries()) {
    const read = typeof text === "string" ? parsePublication(text) : { problem: "not known" };
    if ("problem" in read || open.has(`${read.guestPort}/${read.protocol}`)) continue;
    const path = `publish[${index}]`;
    const others = open.size > 0 ? `they publish ${[...open].join(", ")}` : "they publish nothing";
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${what}: ${path}: got "${text}", but no service publishes port ${read.guestPort}/${read.protocol}: ${others}; wanted a service with publish: ["${read.guestPort}${read.protocol === "udp" ? "/udp" : ""}"], or one with net: "host"`,
      { path },
    );
  }
}
