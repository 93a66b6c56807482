import { LinuxKitError } from "../core/errors.ts";
import type { ImageAccounts } from "../oci/image-config.ts";

/** The user and groups of a process, as its container numbers them. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

export const ROOT: ProcessUser = Object.freeze({ uid: 0, gid: 0, additionalGids: Object.freeze([]) });

const NO_ACCOUNTS: ImageAccounts = { users: [], groups: [] };
const ID_MAX = 0xffff_fffe;

/** Whether a USER is more than root, or two numbers: then the image's own accounts are needed. */
export function needsAccounts(user: string): boolean {
  return !isRoot(user) && !/^\d+:\d+$/.test(user);
}

/**
 * The user that an image's USER means (image-spec, config.md, "User"). As in Docker and runc, a name comes before a number,
 * a number needs no account, a user's own group is the default, and a user is in all groups that list it unless a group is named.
 *
 * @param location the image's path in the definition, for messages
 * @throws INVALID_DEFINITION for a name that the image does not have
 */
export function imageUser(user: string, accounts: ImageAccounts | undefined, location: string): ProcessUser {
  if (isRoot(user)) return ROOT;
  const { users, groups } = accounts ?? NO_ACCOUNTS;
  const cut = user.indexOf(":");
  const [name, group] = cut < 0 ? [user, ""] : [user.slice(0, cut), user.slice(cut + 1)];
  const account = users.find((one) => one.name === name) ?? users.find(({ uid }) => String(uid) === name);
  const uid = name === "" ? 0 : (account?.uid ?? idOf(name));
  if (uid === undefined) throw unknown(user, "user", name, "/etc/passwd", location);
  if (group === "") {
    const member = account?.name;
    const listed = groups.filter(({ members }) => member !== undefined && members.includes(member)).map(({ gid }) => gid);
    return { uid, gid: account?.gid ?? 0, additionalGids: [...new Set(listed)] };
  }
  const gid = groups.find((one) => one.name === group)?.gid ?? idOf(group);
  if (gid === undefined) throw unknown(user, "group", group, "/etc/group", location);
  return { uid, gid, additionalGids: [] };
}

/** The id of a user or group that an image's label names. @throws INVALID_DEFINITION for a name that the image does not have */
export function labelId(
  owner: number | string | undefined,
  kind: "user" | "group",
  accounts: ImageAccounts | undefined,
  location: string,
): number {
  if (owner === undefined || owner === "" || owner === "root") return 0;
  if (typeof owner === "number") return owner;
  const { users, groups } = accounts ?? NO_ACCOUNTS;
  const id = kind === "user" ? users.find(({ name }) => name === owner)?.uid : groups.find(({ name }) => name === owner)?.gid;
  if (id !== undefined) return id;
  const [file, field] = kind === "user" ? ["/etc/passwd", "uid"] : ["/etc/group", "gid"];
  throw refusal(`${location}: its label has ${field} ${JSON.stringify(owner)}, which its ${file} does not have: set ${field}`, location);
}

function isRoot(user: string): boolean {
  return user === "" || user === "root" || user === "0";
}

function idOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= ID_MAX ? Number(text) : undefined;
}

function unknown(user: string, kind: "user" | "group", name: string, file: string, location: string): LinuxKitError {
  return refusal(
    `${location}: its USER ${JSON.stringify(user)} names the ${kind} ${JSON.stringify(name)}, which its ${file} does not have: set uid and gid`,
    location,
  );
}

function refusal(message: string, path: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", message, { path });
}
