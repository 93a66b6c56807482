import { connect, createServer, type Socket } from "node:net";
import { rm } from "node:fs/promises";

/*
 * A program: the Ethernet switch of a network's machines. QEMU connects to its UNIX socket, which only this user reaches, and sends each
 * frame after its length, 4 bytes, big endian (QEMU, net/stream.c).
 */

/** Bytes of the largest frame that QEMU sends (QEMU, include/net/net.h: NET_BUFSIZE). */
const LONGEST = 4096 + 65536;
/** Bytes that wait for a machine that does not read: what comes then is lost, as on a wire. */
const MOST_WAITING = 4 << 20;
/** Addresses that are remembered of one machine. */
const MOST_ADDRESSES = 1024;

const ports = new Set<Socket>();
const places = new Map<string, Socket>();

function join(port: Socket): void {
  ports.add(port);
  const addresses = new Set<string>();
  let rest: Buffer = Buffer.alloc(0);
  port.on("data", (chunk: Buffer) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (let size = sizeOf(rest); size !== undefined && rest.length >= 4 + size; size = sizeOf(rest)) {
      if (size > LONGEST) return void port.destroy();
      const whole = rest.subarray(0, 4 + size);
      rest = rest.subarray(4 + size);
      // two addresses and a type (IEEE 802.3, 3.1.1)
      if (size >= 14) pass(whole, port, addresses);
    }
    if ((sizeOf(rest) ?? 0) > LONGEST) port.destroy();
  });
  port.on("error", () => port.destroy());
  port.on("close", () => {
    ports.delete(port);
    for (const address of addresses) if (places.get(address) === port) places.delete(address);
  });
}

function sizeOf(bytes: Buffer): number | undefined {
  return bytes.length < 4 ? undefined : bytes.readUInt32BE(0);
}

/** Sends a frame to the machine that has its address, or to all others if none is known. */
function pass(whole: Buffer, from: Socket, addresses: Set<string>): void {
  const [to, own] = [whole.toString("hex", 4, 10), whole.toString("hex", 10, 16)];
  if (addresses.has(own) || addresses.size < MOST_ADDRESSES) {
    addresses.add(own);
    places.set(own, from);
  }
  // a group's address is odd in its first byte (IEEE 802, 8.2)
  const isGroup = ((whole[4] ?? 0) & 1) === 1;
  const known = isGroup ? undefined : places.get(to);
  for (const port of known ? [known] : ports) if (port !== from && port.writableLength < MOST_WAITING) port.write(whole);
}

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("wanted the path of a socket");
process.umask(0o177);
// one that answers is another switch, which stays
connect(path)
  .once("connect", () => process.exit())
  .once("error", async () => {
    await rm(path, { force: true });
    createServer(join).listen(path);
  });
