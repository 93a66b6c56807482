import type { DebianImage } from "../definition/debian-image.ts";

/** A line of /etc/passwd. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** A line of /etc/group. */
export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const NOLOGIN = "/usr/sbin/nologin";

/** The users that every Debian system has with these ids (base-passwd, Debian policy 9.2.2). */
const GLOBAL_USERS: readonly (readonly [name: string, uid: number, gid: number, home: string])[] = [
  ["daemon", 1, 1, "/usr/sbin"],
  ["bin", 2, 2, "/bin"],
  ["sys", 3, 3, "/dev"],
  ["games", 5, 60, "/usr/games"],
  ["man", 6, 12, "/var/cache/man"],
  ["lp", 7, 7, "/var/spool/lpd"],
  ["mail", 8, 8, "/var/mail"],
  ["news", 9, 9, "/var/spool/news"],
  ["uucp", 10, 10, "/var/spool/uucp"],
  ["proxy", 13, 13, "/bin"],
  ["www-data", 33, 33, "/var/www"],
  ["backup", 34, 34, "/var/backups"],
  ["list", 38, 38, "/var/list"],
  ["irc", 39, 39, "/run/ircd"],
  ["_apt", 42, 65534, "/nonexistent"],
  ["nobody", 65534, 65534, "/nonexistent"],
];

const GLOBAL_GROUPS: Readonly<Record<string, number>> = {
  root: 0,
  daemon: 1,
  bin: 2,
  sys: 3,
  adm: 4,
  tty: 5,
  disk: 6,
  lp: 7,
  mail: 8,
  news: 9,
  uucp: 10,
  man: 12,
  proxy: 13,
  kmem: 15,
  dialout: 20,
  fax: 21,
  voice: 22,
  cdrom: 24,
  floppy: 25,
  tape: 26,
  sudo: 27,
  audio: 29,
  dip: 30,
  "www-data": 33,
  backup: 34,
  operator: 37,
  list: 38,
  irc: 39,
  src: 40,
  shadow: 42,
  utmp: 43,
  video: 44,
  sasl: 45,
  plugdev: 46,
  staff: 50,
  games: 60,
  users: 100,
  nogroup: 65534,
};

/** Users and groups by name. */
export interface Accounts {
  readonly users: ReadonlyMap<string, User>;
  readonly groups: ReadonlyMap<string, Group>;
}

/**
 * The accounts of an image: Debian's own, those of its packages, and those of its definition, which override the others.
 *
 * @param rootShell root's shell
 * @param declared users that the packages' maintainer scripts would create
 * @param sysusers contents of the packages' sysusers.d(5) files
 */
export function accountsOf(
  { users, groups }: Pick<DebianImage["debian"], "users" | "groups">,
  rootShell: string,
  declared: readonly { readonly name: string; readonly uid: number; readonly home: string }[],
  sysusers: readonly string[],
): Accounts {
  const allUsers = new Map<string, User>([["root", { name: "root", uid: 0, gid: 0, home: "/root", shell: rootShell }]]);
  const allGroups = new Map<string, Group>();
  const addGroup = (name: string, gid: number, members: readonly string[] = []): void => {
    allGroups.set(name, { name, gid, members });
  };
  for (const [name, gid] of Object.entries(GLOBAL_GROUPS)) addGroup(name, gid);
  for (const [name, uid, gid, home] of GLOBAL_USERS) allUsers.set(name, { name, uid, gid, home, shell: NOLOGIN });
  for (const { name, uid, home } of declared) {
    allUsers.set(name, { name, uid, gid: uid, home, shell: NOLOGIN });
    addGroup(name, uid);
  }
  addSysusers(sysusers, allUsers, allGroups);
  for (const { name, uid, gid = uid, group = name, home = "/nonexistent", shell = NOLOGIN } of users) {
    allUsers.set(name, { name, uid, gid, home, shell });
    if (![...allGroups.values()].some((known) => known.gid === gid && known.name !== name)) addGroup(group, gid);
  }
  for (const { name, gid, members = [] } of groups) addGroup(name, gid, members);
  return { users: allUsers, groups: allGroups };
}

/** The text of /etc/passwd. Passwords are in /etc/shadow; without that file, no user can log in with a password. */
export function passwdText({ users }: Accounts): string {
  const lines = [...users.values()].sort((a, b) => a.uid - b.uid || (a.name < b.name ? -1 : 1));
  return lines.map(({ name, uid, gid, home, shell }) => `${name}:x:${uid}:${gid}::${absolute(home)}:${absolute(shell)}\n`).join("");
}

/** The text of /etc/group. */
export function groupText({ groups }: Accounts): string {
  const lines = [...groups.values()].sort((a, b) => a.gid - b.gid || (a.name < b.name ? -1 : 1));
  return lines.map(({ name, gid, members }) => `${name}:x:${gid}:${members.join(",")}\n`).join("");
}

// Lines "u", "g" and "m" of sysusers.d(5). Users without a fixed id get one from 999 down, in the order of their names.
function addSysusers(texts: readonly string[], users: Map<string, User>, groups: Map<string, Group>): void {
  const lines = texts.flatMap((text) => text.split("\n")).map((line) => line.trim().match(/"[^"]*"|\S+/g) ?? []);
  const of = (type: RegExp): string[][] =>
    lines.filter(([kind]) => kind !== undefined && type.test(kind)).sort((a, b) => ((a[1] as string) < (b[1] as string) ? -1 : 1));
  const taken = (id: number): boolean =>
    [...users.values()].some(({ uid }) => uid === id) || [...groups.values()].some(({ gid }) => gid === id);
  let open = 999;
  const number = (text: string | undefined): number => {
    if (text !== undefined && /^\d+$/.test(text)) return Number(text);
    while (taken(open)) open--;
    return open;
  };
  for (const [, name, id] of of(/^g!?$/)) {
    if (name !== undefined && !groups.has(name)) groups.set(name, { name, gid: number(id), members: [] });
  }
  for (const [, name, id, , home, shell] of of(/^u!?$/)) {
    if (name === undefined || users.has(name)) continue;
    const [uidText, gidText] = (id ?? "-").split(":");
    const known = groups.get(gidText ?? name)?.gid;
    const uid =
      uidText !== undefined && /^\d+$/.test(uidText) ? Number(uidText) : known !== undefined && !taken(known) ? known : number(undefined);
    const gid = known ?? (gidText !== undefined && /^\d+$/.test(gidText) ? Number(gidText) : uid);
    users.set(name, { name, uid, gid, home: given(home) ?? "/", shell: given(shell) ?? NOLOGIN });
    if (known === undefined && !groups.has(name)) groups.set(name, { name, gid, members: [] });
  }
  for (const [, user, name] of of(/^m$/)) {
    const group = name === undefined ? undefined : groups.get(name);
    if (group && user !== undefined) groups.set(group.name, { ...group, members: [...group.members, user] });
  }
}

function given(word: string | undefined): string | undefined {
  return word === undefined || word === "-" ? undefined : word;
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}
