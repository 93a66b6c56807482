import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { gcpLogin } from "../../providers/gcp/plugin/access/login.ts";
import { garAuth } from "../../providers/gcp/registry/gar-auth.ts";
import { scratch } from "../support/judge.ts";

const NAMES = [
  "GOOGLE_APPLICATION_CREDENTIALS",
  "GCE_METADATA_HOST",
  "METADATA_SERVER_DETECTION",
  "CLOUDSDK_CONFIG",
  "HOME",
  "GOOGLE_OAUTH_ACCESS_TOKEN",
];

describe("login to Google Cloud", () => {
  const saved = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  let folder: Awaited<ReturnType<typeof scratch>>;
  const asked: string[] = [];
  /** A metadata server, and a token endpoint for workload identity federation. */
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk;
    asked.push(`${request.method} ${request.url} ${new URLSearchParams(body).get("subject_token") ?? ""}`.trim());
    const { url = "", headers } = request;
    response.setHeader("metadata-flavor", "Google");
    if (url.startsWith("/computeMetadata/") && headers["metadata-flavor"] !== "Google") return void response.writeHead(403).end();
    if (url.includes("/token"))
      return void response.setHeader("content-type", "application/json").end(
        JSON.stringify({
          access_token: `token-of-${url.startsWith("/sts") ? "workload" : "machine"}`,
          expires_in: 3599,
          token_type: "Bearer",
          issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        }),
      );
    response.end("web-prod-1");
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  before(async () => {
    folder = await scratch();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(saved)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    asked.length = 0;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await folder[Symbol.asyncDispose]();
  });

  test("uses a machine's service account through application default credentials", async () => {
    Object.assign(process.env, {
      GCE_METADATA_HOST: url().slice("http://".length),
      METADATA_SERVER_DETECTION: "assume-present",
      HOME: folder.path,
      CLOUDSDK_CONFIG: folder.path,
    });
    delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
    const login = gcpLogin({}, {});
    assert.deepEqual(await login(), { authorization: "Bearer token-of-machine" });
    const requests = asked.length;
    assert.deepEqual(await login(), { authorization: "Bearer token-of-machine" });
    assert.equal(asked.length, requests, "a valid token is requested once");
  });

  test("uses workload identity federation, with its configuration from a file, as text, and from the environment", async () => {
    const subject = await folder.file("subject", [Buffer.from("who-i-am")]);
    const config = JSON.stringify({
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${url()}/sts/token`,
      credential_source: { file: subject },
    });
    const file = await folder.file("config.json", [Buffer.from(config)]);
    for (const [access, env] of [
      [{ credentials: file }, {}],
      [{ credentials: config }, {}],
      [{}, { GOOGLE_CREDENTIALS: file }],
    ] as const) {
      assert.deepEqual(await gcpLogin(access, env)(), { authorization: "Bearer token-of-workload" });
    }
    assert.ok(
      asked.every((request) => request === "POST /sts/token who-i-am"),
      asked.join(),
    );
    process.env.GOOGLE_APPLICATION_CREDENTIALS = file;
    assert.deepEqual(await gcpLogin({}, {})(), { authorization: "Bearer token-of-workload" });
  });

  test("prefers a given token to the environment, as Google's own provider does", async () => {
    const env = { GOOGLE_OAUTH_ACCESS_TOKEN: "from-env" };
    assert.deepEqual(await gcpLogin({ accessToken: "given" }, env)(), { authorization: "Bearer given" });
    assert.deepEqual(await gcpLogin({}, env)(), { authorization: "Bearer from-env" });
  });

  const refusals: readonly (readonly [what: string, access: Parameters<typeof gcpLogin>[0], error: object])[] = [
    [
      "a missing file",
      { credentials: "/nowhere/key.json" },
      { code: "NOT_FOUND", message: "credentials: file not found: /nowhere/key.json" },
    ],
    [
      "text that is not JSON, without showing it",
      { credentials: '{ "private_key": "secret' },
      {
        code: "INVALID_DEFINITION",
        message: /^credentials: got text that is not JSON, wanted a service account key or the path of one$/,
      },
    ],
    [
      "credentials of an unknown type",
      { credentials: '{ "type": "unknown" }' },
      { code: "ACCESS_DENIED", message: /^google: .*: run `gcloud auth application-default login`, or set / },
    ],
  ];
  for (const [what, access, error] of refusals) test(`refuses ${what}`, () => assert.rejects(gcpLogin(access, {}), error));

  test("logs in to Artifact Registry, and passes over other registries", async () => {
    const auth = garAuth({ accessToken: "t" });
    for (const registry of ["europe-west3-docker.pkg.dev", "eu.gcr.io", "gcr.io"])
      assert.deepEqual(await auth({ registry, repository: "p/r/os" } as Parameters<typeof auth>[0]), {
        username: "oauth2accesstoken",
        password: "t",
      });
    for (const registry of ["docker.io", "pkg.dev", "evil-docker.pkg.dev.example.com", "gcr.io.example.com", "notgcr.io"])
      assert.equal(await auth({ registry, repository: "x" } as Parameters<typeof auth>[0]), undefined);
  });
});
