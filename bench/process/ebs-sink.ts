/* EBS direct on loopback: `ebs-sink.ts` prints its port. It accepts everything and checks nothing, because the sender is measured. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((request, response) => {
  const { method = "", url = "" } = request;
  let form = "";
  request.on("data", (chunk: Buffer) => {
    if (method === "POST" && url === "/") form += chunk;
  });
  request.on("end", () => {
    if (method === "PUT")
      return response
        .writeHead(201, { "x-amz-checksum": request.headers["x-amz-checksum"] ?? "", "x-amz-checksum-algorithm": "SHA256" })
        .end();
    if (url.startsWith("/snapshots/completion/"))
      return response.writeHead(202, { "content-type": "application/json" }).end('{"Status":"pending"}');
    if (url === "/snapshots")
      return response
        .writeHead(201, { "content-type": "application/json" })
        .end(JSON.stringify({ SnapshotId: "snap-1", VolumeSize: 1, BlockSize: 512 << 10, Status: "pending" }));
    const state = form.includes("SnapshotId.1") ? "<item><snapshotId>snap-1</snapshotId><status>completed</status></item>" : "";
    return response.writeHead(200, { "content-type": "text/xml" }).end(`<R><snapshotSet>${state}</snapshotSet></R>`);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
