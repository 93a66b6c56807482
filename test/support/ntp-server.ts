/**
 * Plays a time server whose clock is wrong.
 *
 * Source: RFC 5905, section 7.3.
 */
import { once } from "node:events";
import { createSocket, type Socket } from "node:dgram";

/** Seconds from 1900, the epoch of NTP, to 1970. */
const EPOCH = 2_208_988_800;

/** A time server on a port of this host (RFC 5905, 7.3), whose clock is ahead of this host's. */
export async function startNtpServer(aheadSeconds: number): Promise<{ readonly port: number } & Disposable> {
  const socket: Socket = createSocket("udp4");
  const now = (): bigint => {
    const seconds = Date.now() / 1000 + EPOCH + aheadSeconds;
    return (BigInt(Math.floor(seconds)) << 32n) | BigInt(Math.floor((seconds % 1) * 2 ** 32));
  };
  socket.on("message", (question, { port, address }) => {
    const answer = Buffer.alloc(48);
    answer[0] = ((question[0] ?? 0) & 0b0011_1000) | 4; // the version of the client; a server; no leap second
    answer[1] = 1; // a primary server
    answer[2] = question[2] ?? 6;
    answer[3] = 0xec; // precise to a microsecond
    answer.write("TEST", 12);
    answer.writeBigUInt64BE(now(), 16);
    question.copy(answer, 24, 40, 48);
    answer.writeBigUInt64BE(now(), 32);
    answer.writeBigUInt64BE(now(), 40);
    socket.send(answer, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { port: socket.address().port, [Symbol.dispose]: () => void socket.close() };
}
