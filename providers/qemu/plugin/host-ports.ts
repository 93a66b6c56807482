import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdir, readFile, readlink } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { listMachineFolders } from "./machine-folder.ts";
import { collide, parsePublication, type Publication } from "../../../sdk/definition/publication.ts";
import { isAlive } from "./process-id.ts";

/**
 * Checks that every host port is free, and chooses one for port 0. `PORT_OCCUPIED` names the port and, if known, its user: a
 * machine of this library or a process of this host.
 */
export async function takePorts(publish: readonly Publication[], stateDir: string): Promise<Publication[]> {
  const taken: Publication[] = [];
  for (const publication of publish) {
    const { address, hostPort, protocol } = publication;
    try {
      const got = await (protocol === "tcp" ? bindTcp(address, hostPort) : bindUdp(address, hostPort));
      taken.push({ ...publication, hostPort: got });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EADDRINUSE") throw await occupied(publication, stateDir, error);
      if (code === "EACCES")
        throw new LinuxKitError(
          "ACCESS_DENIED",
          `port ${hostPort}: this user is not allowed to listen on it: publish a port above 1023`,
          { url: `${address}:${hostPort}`, status: 0 },
          { cause: error },
        );
      if (code === "EADDRNOTAVAIL")
        throw new LinuxKitError(
          "INVALID_DEFINITION",
          `publish: got the address ${address}, wanted an address of this host, such as 127.0.0.1 or 0.0.0.0`,
          { path: "publish" },
          { cause: error },
        );
      throw error;
    }
  }
  return taken;
}

async function bindTcp(host: string, port: number): Promise<number> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, "listening");
  const got = (server.address() as AddressInfo).port;
  server.close();
  await once(server, "close");
  return got;
}

async function bindUdp(address: string, port: number): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind({ address, port, exclusive: true });
  await once(socket, "listening");
  const got = socket.address().port;
  socket.close();
  await once(socket, "close");
  return got;
}

/** The error for a port in use. */
export async function occupied(publication: Publication, stateDir: string, cause: unknown): Promise<LinuxKitError<"PORT_OCCUPIED">> {
  const who = (await machineOn(publication, stateDir)) ?? (await processOn(publication));
  const { address, hostPort, guestPort } = publication;
  return new LinuxKitError(
    "PORT_OCCUPIED",
    `port ${hostPort} of ${address} is in use${who ? ` by ${who}` : ""}: stop it, or publish another port, as in "${hostPort + 1}:${guestPort}" or "0:${guestPort}" for any free port`,
    { port: hostPort },
    { cause },
  );
}

async function machineOn(wanted: Publication, stateDir: string): Promise<string | undefined> {
  for (const { record } of await listMachineFolders(stateDir)) {
    if (!record?.machine || !(await isAlive(record.machine))) continue;
    const theirs = record.publish.map(parsePublication);
    if (theirs.some((other) => !("problem" in other) && collide(wanted, other)))
      return `the machine of ${record.urn} (pid ${record.machine.pid})`;
  }
  return undefined;
}

// /proc/net lists a socket's inode, and so does /proc/PID/fd; on other systems than Linux the user is unknown
async function processOn({ hostPort, protocol }: Publication): Promise<string | undefined> {
  const port = hostPort.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const table of [protocol, `${protocol}6`]) {
    const rows = (await readFile(`/proc/net/${table}`, "latin1").catch(() => "")).split("\n").slice(1);
    for (const row of rows) {
      const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
      if (local?.endsWith(`:${port}`) && (protocol === "udp" || state === "0A") && inode) inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      if (inodes.has(target)) return `${(await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "a process")).trim()} (pid ${pid})`;
    }
  }
  return undefined;
}
