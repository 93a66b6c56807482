import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** A TCP port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The first of so many TCP ports, one after the other, that were free a moment ago. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const first = await freePort();
    const all = await Promise.all(Array.from({ length: count - 1 }, (_, step) => isFree(first + step + 1)));
    if (all.every(Boolean)) return first;
  }
  throw new Error(`no ${count} ports in a row are free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  const failed = once(server, "error");
  const listens = await Promise.race([once(server, "listening").then(() => true), failed.then(() => false)]).catch(() => false);
  server.close();
  return listens;
}
