import type { MemberPlace, MemberWork } from "../../cluster/plugin/member.ts";
import { LinuxKitError } from "../../core/errors.ts";

/** Where a machine of the control plane keeps the snapshot of its latest update, on the disk of etcd. */
export const SNAPSHOT = "/var/lib/etcd/before-update.db";

/**
 * Has etcd of a machine write a snapshot of all that the cluster keeps, in the place of the one before. An image that spoils etcd's data
 * can be undone then.
 *
 * Source: etcd documentation, "Disaster recovery", snapshotting the keyspace.
 *
 * @throws UNSUPPORTED where etcd does not write it
 */
export async function saveSnapshot(place: MemberPlace, { signal, progress }: MemberWork): Promise<void> {
  progress({ stage: "snapshot", message: `etcd of ${place.name} writes ${SNAPSHOT}` });
  const { status, printed } = await place.run({ service: "etcd", command: ["etcdctl", "snapshot", "save", SNAPSHOT], signal });
  if (status === 0) return;
  const last = printed.trim().split("\n").at(-1) ?? "";
  throw new LinuxKitError(
    "UNSUPPORTED",
    `node "${place.name}": etcd wrote no snapshot, so the machine is not replaced: etcdctl ended with status ${status}: ${last}`,
    { what: "a snapshot of etcd" },
  );
}
