/* Cloud Storage on loopback: `gcs-sink.ts` prints its port. It accepts everything and checks nothing, because the sender is measured. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((request, response) => {
  const { method = "", url = "", headers } = request;
  const [, last, total] = /^bytes \d+-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
  request.resume();
  request.on("end", () => {
    if (method === "POST") return response.writeHead(200, { location: `http://${headers.host}/session` }).end();
    if (method !== "PUT") return response.writeHead(404).end();
    // the last chunk of a stream holds its total size
    if (total === "*" || Number(last) + 1 < Number(total)) return response.writeHead(308, { range: `bytes=0-${last}` }).end();
    // the sender gives the checksum
    return response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ bucket: "b", name: url, generation: "1", size: total, crc32c: process.argv[2] }));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
