import { readdir, readFile, readlink } from "node:fs/promises";

/** The row of a TCP socket in `/proc/net/tcp` (Linux: networking/proc_net_tcp). */
interface SocketRow {
  readonly uid: number;
  /** `socket:[INODE]`, as `/proc/PID/fd` shows it. */
  readonly link: string;
}

/**
 * Whether the process at the other end of a connection to this one's port may ask this plugin for work: only a process
 * above it in the tree of processes, as its engine is. Pulumi's protocol has no authentication, and a port of the loopback
 * interface is open to every user of the host, and to what relays to it, such as QEMU's user network.
 *
 * Where the system does not tell who has a socket (other systems than Linux), every connection of this host may.
 *
 * @param peer the other end, as gRPC names it: `127.0.0.1:40412`
 * @param attached whether a person started this process and attaches an engine to it: then any process of the same user may
 */
export async function mayAsk(peer: string, port: number, attached: boolean): Promise<boolean> {
  const theirs = Number(/:(\d+)$/.exec(peer)?.[1]);
  const rows = await socketRows();
  // a system that does not list this end of the connection tells nothing of the other
  if (!findRow(rows, port, theirs)) return true;
  const row = findRow(rows, theirs, port);
  if (!row) return false;
  if (attached) return row.uid === process.getuid?.();
  for (let pid = process.ppid, isParent = true; pid > 0; pid = await parentOf(pid), isParent = false) {
    const held = await socketsOf(pid);
    // only root sees the files of a program with capabilities, so the users are compared instead
    if (isParent && !held) return row.uid === process.getuid?.();
    if (held?.includes(row.link)) return true;
  }
  return false;
}

async function socketRows(): Promise<string[][]> {
  // an IPv6 socket may have an IPv4 address
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "latin1").catch(() => "")));
  return tables.flatMap((text) =>
    text
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/)),
  );
}

/** 127.0.0.1 as the kernel prints it, in the byte order of the machine. */
const LOOPBACK = ["0100007F", "7F000001"];

/** The socket of a connection over the loopback interface, by its own port and that of its peer. */
export function findRow(rows: readonly (readonly string[])[], own: number, peer: number): SocketRow | undefined {
  const at = (end: string | undefined, port: number): boolean => {
    const [address = "", hex = ""] = end?.split(":") ?? [];
    return LOOPBACK.some((loopback) => address.endsWith(loopback)) && Number.parseInt(hex, 16) === port;
  };
  const found = rows.find(([, local, remote]) => at(local, own) && at(remote, peer));
  return found && { uid: Number(found[7]), link: `socket:[${found[9]}]` };
}

async function socketsOf(pid: number): Promise<string[] | undefined> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => undefined);
  return names && (await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => ""))));
}

/** 0 for none. */
async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  // the second field is a name in parentheses, which may itself contain parentheses and spaces (proc(5))
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0) || 0;
}
