import type { Entry } from "../archive/entry.ts";
import { LinuxKitError } from "../core/errors.ts";
import { PRIVATE_IDS } from "../definition/private-users.ts";

/** A file's capabilities (linux/capability.h, `struct vfs_cap_data` and `vfs_ns_cap_data`). Revision 3 names the root user of a namespace. */
const CAPABILITY = "security.capability";
const REVISION = 0xff00_0000;
const REVISION_2 = 0x0200_0000;
const REVISION_3 = 0x0300_0000;
const REVISION_2_BYTES = 20;

/**
 * An image's tree for a container whose users start at `idBase` of the machine. Modes stay, so a setuid program runs as
 * one of these users only. File capabilities apply to this container only.
 *
 * @param location the image's path in the definition
 * @throws INVALID_DEFINITION if an owner is outside the container's range of ids
 */
export async function* shiftIds(entries: AsyncIterable<Entry>, idBase: number, location: string): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    const { uid, gid, path, xattrs } = entry;
    for (const [what, id] of [
      ["user", uid],
      ["group", gid],
    ] as const) {
      if (id < PRIVATE_IDS) continue;
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `${location}: ${path || "/"} belongs to ${what} ${id}, wanted at most ${PRIVATE_IDS - 1}, the last id with userns: "private"`,
        { path: location },
      );
    }
    yield { ...entry, uid: idBase + uid, gid: idBase + gid, ...(xattrs && { xattrs: ownCapabilities(xattrs, idBase) }) };
  }
}

function ownCapabilities(xattrs: ReadonlyMap<string, Uint8Array>, idBase: number): ReadonlyMap<string, Uint8Array> {
  const value = Buffer.from(xattrs.get(CAPABILITY) ?? []);
  if (value.length !== REVISION_2_BYTES || (value.readUInt32LE() & REVISION) !== REVISION_2) return xattrs;
  const own = Buffer.alloc(REVISION_2_BYTES + 4);
  value.copy(own);
  own.writeUInt32LE(((value.readUInt32LE() & ~REVISION) | REVISION_3) >>> 0);
  own.writeUInt32LE(idBase, REVISION_2_BYTES);
  return new Map([...xattrs, [CAPABILITY, own]]);
}
