import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { GoogleAuth, Impersonated } from "google-auth-library";
import { ComputeClient } from "../support/gcp/compute-client.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import type { Json } from "../support/gcp/schemas.ts";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const READ_ONLY = "https://www.googleapis.com/auth/compute.readonly";

describe("Google's own library, against the stand-in of Google's accounts,", () => {
  let server: GoogleServer;
  const target = "deployer@web-prod-1.iam.gserviceaccount.com";
  /** Redirects Google's hosts to the server and leaves requests otherwise unchanged. */
  const transporterOptions = {
    fetchImplementation: (url: string | URL | Request, init?: RequestInit) =>
      fetch(String(url instanceof Request ? url.url : url).replace(/^https:\/\/[a-z0-9]+\.googleapis\.com/, server.url), init),
  };
  const clientOf = (credentials: Json, scopes = SCOPE) =>
    new GoogleAuth({ credentials, scopes, clientOptions: { transporterOptions } }).getClient();
  const tokenOf = async (credentials: Json, scopes?: string) =>
    String((await (await clientOf(credentials, scopes)).getAccessToken()).token);
  const status = async (token: string, method = "GET") =>
    (
      await new ComputeClient(server, token).ask(
        method,
        "global/images",
        method === "GET" ? undefined : { name: "a", rawDisk: { source: "https://storage.googleapis.com/images/none.tar.gz" } },
      )
    ).status;

  before(async () => {
    server = await GoogleServer.start({ readObject: async () => undefined });
    server.accounts.grant(server.project, target);
  });
  after(() => server[Symbol.asyncDispose]());

  test("logs in with a service account key", async () =>
    assert.equal(await status(await tokenOf(server.accounts.serviceAccountKey(server.project, server.email))), 200));
  test("is refused with the private key of another account", async () => {
    const mine = server.accounts.serviceAccountKey(server.project, server.email);
    const other = server.accounts.serviceAccountKey(server.project, target);
    await assert.rejects(tokenOf({ ...mine, private_key: other.private_key }), /Invalid JWT Signature/);
  });
  test("is refused with a key of an unknown account", async () => {
    const key = server.accounts.serviceAccountKey(server.project, server.email);
    await assert.rejects(tokenOf({ ...key, client_email: "unknown@web-prod-1.iam.gserviceaccount.com" }), /account not found/);
  });
  test("is refused for an account without access to the project", async () =>
    assert.equal(
      await status(await tokenOf(server.accounts.serviceAccountKey(server.project, "stranger@web-prod-1.iam.gserviceaccount.com"))),
      403,
    ));
  test("can only read with a read-only scope", async () => {
    const token = await tokenOf(server.accounts.serviceAccountKey(server.project, server.email), READ_ONLY);
    assert.deepEqual([await status(token), await status(token, "POST")], [200, 403]);
  });
  test("logs in with a refresh token, unless it is revoked", async () => {
    const user = server.accounts.authorizedUser(server.email);
    assert.equal(await status(await tokenOf(user)), 200);
    await assert.rejects(tokenOf({ ...user, refresh_token: "revoked" }), /invalid_grant/);
    await assert.rejects(tokenOf({ ...user, client_secret: "another" }), /invalid_client/);
  });
  test("impersonates another account only with permission", async () => {
    const sourceClient = await clientOf(server.accounts.serviceAccountKey(server.project, server.email));
    const act = async () =>
      String(
        (
          await new Impersonated({
            sourceClient,
            targetPrincipal: target,
            targetScopes: [SCOPE],
            delegates: [],
            lifetime: 3600,
          }).getAccessToken()
        ).token,
      );
    await assert.rejects(act(), /iam\.serviceAccounts\.getAccessToken/);
    server.accounts.allowImpersonation(server.email, target);
    const token = await act();
    assert.equal(server.accounts.tokens.get(token)?.email, target);
    assert.equal(await status(token), 200);
  });
  test("is refused with an expired token, without a token, and in other projects", async () => {
    assert.equal(await status(server.accounts.mint(server.email, { seconds: -1 })), 401);
    assert.equal((await fetch(`${server.url}/compute/v1/projects/${server.project}/global/images`)).status, 401);
    const google = new ComputeClient(server);
    assert.deepEqual(
      [
        (await google.ask("GET", `projects/${server.otherProject}/global/images`)).status,
        (await google.ask("GET", "projects/unknown/global/images")).status,
      ],
      [403, 404],
    );
  });
});
