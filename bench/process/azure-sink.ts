/* Azure on loopback: `azure-sink.ts` prints its port. It accepts everything and checks nothing, because the sender is measured. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((request, response) => {
  const { method = "", url = "", headers } = request;
  request.resume().on("end", () => {
    const json = (value: unknown) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (method === "PUT" && url.includes("comp=page")) return response.writeHead(201).end();
    if (url.includes("/beginGetAccess")) return json({ accessSAS: `http://${headers.host}/disk?sig=s` });
    return json({ value: [], properties: {} });
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
