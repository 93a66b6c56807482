import type { MachineFolder } from "../../providers/qemu/plugin/machine-folder.ts";
import { LinuxKitError } from "../core/errors.ts";

/** The machine with the wanted id, resource name, or start of an id. @throws NOT_FOUND, INVALID_DEFINITION if several match */
export function chosen(machines: readonly MachineFolder[], wanted: string): MachineFolder {
  const meant = machines.filter(({ id, record }) => id === wanted || record?.urn.endsWith(`::${wanted}`));
  const found = meant.length > 0 ? meant : machines.filter(({ id }) => id.startsWith(wanted));
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  const known = (only ? found : machines).map(({ id }) => id).join(", ");
  if (only)
    throw new LinuxKitError("INVALID_DEFINITION", `several machines match "${wanted}": ${known}; use the whole id of one`, {
      path: "machine",
    });
  throw new LinuxKitError(
    "NOT_FOUND",
    known ? `local machine "${wanted}" not found, wanted one of ${known}` : `local machine "${wanted}" not found: no local machine exists`,
    { what: wanted },
  );
}
