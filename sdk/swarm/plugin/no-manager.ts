import type { MemberPlace } from "../../cluster/plugin/member.ts";
import { LinuxKitError } from "../../core/errors.ts";

/** That a call for a node needs a manager, and which do not answer. */
export function noManager({ name }: MemberPlace, silent: readonly string[]): LinuxKitError {
  const why = silent.length > 0 ? silent.join("; ") : "this host has no machine of a manager";
  return new LinuxKitError("NOT_FOUND", `node "${name}": no manager of the swarm answers: ${why}`, { what: "a manager of the swarm" });
}
