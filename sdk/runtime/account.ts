import { LinuxKitError } from "../core/errors.ts";
import type { Container } from "../definition/container.ts";
import { containersOf, type Definition } from "../definition/definition.ts";

/** Numeric ids by user or group name. */
export type Accounts = ReadonlyMap<string, number>;

/**
 * The id that LinuxKit gives each container's name: 100 and up, in the order onboot, onshutdown, services. If a name
 * appears twice, the last one counts.
 */
export function containerAccounts(definition: Definition): Accounts {
  return new Map(containersOf(definition).map(({ name }, index) => [name, 100 + index]));
}

/** The id of a user or group; absent, `""` and `root` are 0. @throws INVALID_DEFINITION for an unknown name */
export function accountNumber(owner: number | string | undefined, accounts: Accounts, path: string): number {
  if (owner === undefined || owner === "" || owner === "root") return 0;
  const number = typeof owner === "number" ? owner : accounts.get(owner);
  if (number !== undefined) return number;
  const known = [...accounts.keys()].join(", ");
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${path}: unknown name ${JSON.stringify(owner)}, wanted a number${known && ` or one of ${known}`}`,
    { path },
  );
}

/** The users and groups that a container can name. Those that its image declares override those of the containers. */
export function accountsFor({ image }: Container, containers: Accounts): { readonly users: Accounts; readonly groups: Accounts } {
  if (typeof image === "string") return { users: containers, groups: containers };
  const { users, groups } = image.debian;
  return {
    users: new Map([...containers, ...users.map(({ name, uid }): [string, number] => [name, uid])]),
    groups: new Map([
      ...containers,
      // a user's own group has the user's id by default
      ...users.map(({ name, uid, gid, group }): [string, number] => [group ?? name, gid ?? uid]),
      ...groups.map(({ name, gid }): [string, number] => [name, gid]),
    ]),
  };
}
