import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Server, createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { judge, scratch } from "../support/judge.ts";

const BODY = randomBytes(9 << 20);
const SHA256 = createHash("sha256").update(BODY).digest("hex");

/** Downloads a large body into reused memory in a child process. Returns its sha256, or the error's code and message. */
function get(url: string, env: NodeJS.ProcessEnv, before = ""): Promise<string> {
  const script = `
    import { createHash } from "node:crypto";
    import { createTransport } from "${new URL("../../sdk/net/transport.ts", import.meta.url).href}";
    ${before}
    const hash = createHash("sha256");
    try {
      const response = await createTransport({ retry: { attempts: 1 }, timeoutSeconds: 20 }).send({ url: new URL(${JSON.stringify(url)}), memory: "reused" });
      for await (const chunk of response.body) hash.update(chunk);
      console.log(hash.digest("hex"));
    } catch (error) {
      console.log(error.code, error.message);
    }`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 60_000,
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.on("error", reject);
    child.on("close", () => resolve(said.trim()));
  });
}

async function listen(context: TestContext, server: Server | ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("a large body comes over TLS on a separate connection, with trusted certificates only", async (context) => {
  await using folder = await scratch();
  const [key, cert] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
  judge(
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    cert,
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
    "-days",
    "2",
  );
  const connections: (string | undefined)[] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    connections.push(request.headers.connection);
    response.setHeader("content-length", BODY.length).end(BODY);
  });
  const port = await listen(context, server);
  for (const host of ["localhost", "127.0.0.1"]) assert.equal(await get(`https://${host}:${port}/`, { NODE_EXTRA_CA_CERTS: cert }), SHA256);
  // fetch would keep the connection alive
  assert.deepEqual(connections, ["close", "close"]);
  assert.match(
    await get(`https://localhost:${port}/`, { NODE_EXTRA_CA_CERTS: "" }),
    /^NETWORK https:\/\/localhost:\d+\/: connection failed: .*self-signed/,
  );
});

test("a large body comes through the process's proxy, and through its replacement of fetch", async (context) => {
  const seen: string[] = [];
  const server = createHttpServer((_, response) => void response.setHeader("content-length", BODY.length).end(BODY));
  const port = await listen(context, server);
  const proxy = createHttpServer().on("connect", ({ url }, socket) => {
    seen.push(url ?? "");
    const onward = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) end.on("error", () => {});
  });
  const address = `http://127.0.0.1:${await listen(context, proxy)}`;
  // some older releases have the setting too, but not all
  if (Number(process.versions.node.split(".")[0]) >= 24) {
    assert.equal(
      await get("http://registry.invalid/blob", {
        NODE_USE_ENV_PROXY: "1",
        HTTP_PROXY: address,
        http_proxy: address,
        NO_PROXY: "",
        no_proxy: "",
      }),
      SHA256,
    );
    assert.deepEqual(seen, ["registry.invalid:80"]);
  }
  const own = `globalThis.fetch = async (url) => new Response(url);`;
  assert.equal(
    await get("http://registry.invalid/blob", {}, own),
    createHash("sha256").update("http://registry.invalid/blob").digest("hex"),
  );
});
