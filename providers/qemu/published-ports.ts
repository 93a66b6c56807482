import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { openPorts } from "../../sdk/machine/open-ports.ts";
import { parsePublication } from "../../sdk/definition/publication.ts";

/**
 * Sees that the guest answers on every port that the host is to publish, as far as the program says so already.
 *
 * @param what names the machine in errors
 * @param publish what the program gave; of what is known later nothing is said
 * @throws INVALID_DEFINITION for a port that no service lets in
 */
export function checkPublished(what: string, publish: unknown, definition: Definition | undefined): void {
  const open = definition && openPorts(definition);
  if (!open || !Array.isArray(publish)) return;
  for (const [index, text] of publish.entries()) {
    const read = typeof text === "string" ? parsePublication(text) : { problem: "not known" };
    if ("problem" in read || open.has(`${read.guestPort}/${read.protocol}`)) continue;
    const path = `publish[${index}]`;
    const others = open.size > 0 ? `they let in ${[...open].join(", ")}` : "they let in nothing";
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${what}: ${path}: got "${text}", and no service lets port ${read.guestPort}/${read.protocol} in: ${others}; wanted a service with publish: ["${read.guestPort}${read.protocol === "udp" ? "/udp" : ""}"], or one with net: "host"`,
      { path },
    );
  }
}
