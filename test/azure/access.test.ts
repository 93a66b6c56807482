import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { findCloud } from "../../providers/azure/plugin/access/clouds.ts";
import { type AzureAccess, withEnvironment } from "../../providers/azure/plugin/access/credential.ts";
import { azureLogin } from "../../providers/azure/plugin/access/login.ts";
import { exchangeToken } from "../../providers/azure/plugin/access/registry-token.ts";
import { resourceManager } from "../../providers/azure/plugin/access/resource-manager.ts";
import { checkSubscription } from "../../providers/azure/plugin/access/subscription.ts";
import { acrAuth } from "../../providers/azure/registry/acr-auth.ts";
import { AzureServer } from "../support/azure/azure-server.ts";
import { type Certificate, makeCertificate, trust } from "../support/azure/certificate.ts";

const CLIENT = "aaaaaaaa-0000-0000-0000-000000000001";
const now = () => AbortSignal.timeout(30_000);

describe("login to Azure", { timeout: 120_000 }, () => {
  let certificate: Certificate;
  let server: AzureServer;
  before(async () => {
    certificate = await makeCertificate();
    trust(certificate);
    server = await AzureServer.start({ certificate });
    server.entra.identities.push({ clientId: CLIENT, secret: "s3cret", certificate: certificate.cert, federatedToken: "a.workload.token" });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await certificate[Symbol.asyncDispose]();
  });
  const access = (more: AzureAccess = {}): AzureAccess => ({
    metadataHost: new URL(server.url).host,
    tenantId: server.entra.tenant,
    clientId: CLIENT,
    ...more,
  });
  const manager = async (given: AzureAccess) => resourceManager(await azureLogin(given, now()));
  const check = async (given: AzureAccess, subscriptionId: string, tenantId = server.entra.tenant) =>
    checkSubscription(await manager(given), { subscriptionId, tenantId }, now());

  test("accepts a secret and a certificate of an application, in a cloud found by its metadata host", async () => {
    await check(access({ clientSecret: "s3cret" }), server.arm.subscription);
    await check(access({ clientCertificatePath: certificate.bothPath }), server.arm.subscription);
  });
  test("accepts the OIDC token of an application", async () => {
    await check(access({ useOidc: true, oidcToken: "a.workload.token" }), server.arm.subscription);
    await assert.rejects(check(access({ useOidc: true, oidcToken: "another.token" }), server.arm.subscription), {
      code: "ACCESS_DENIED",
      message: /AADSTS700027/,
    });
  });
  test("requests a token once", async () => {
    server.requests.length = 0;
    const login = await azureLogin(access({ clientSecret: "s3cret" }), now());
    const token = await login.token(login.cloud.managerScope, now());
    assert.equal(await login.token(login.cloud.managerScope), token);
    assert.equal(server.requests.filter(({ action }) => action === "token").length, 1);
  });

  const REFUSED: readonly { readonly what: string; readonly ask: () => Promise<unknown>; readonly error: object }[] = [
    {
      what: "a wrong secret",
      ask: () => check(access({ clientSecret: "other" }), server.arm.subscription),
      error: { code: "ACCESS_DENIED", message: /AADSTS7000215: Invalid client secret.*: run `az login`, or set ARM_CLIENT_ID/ },
    },
    {
      what: "a subscription without access",
      ask: () => check(access({ clientSecret: "s3cret" }), "00000000-0000-0000-0000-000000000000"),
      error: { code: "ACCESS_DENIED", message: /the credentials do not reach subscription 0{8}-/ },
    },
    {
      what: "a subscription in another tenant",
      ask: () => check(access({ clientSecret: "s3cret" }), server.arm.subscription, "00000000-0000-0000-0000-000000000000"),
      error: { code: "ACCESS_DENIED", message: /belongs to tenant 11111111-\S+, wanted 0{8}-/ },
    },
    {
      what: "an unknown cloud",
      ask: () => findCloud({ environment: "german" }),
      error: {
        code: "INVALID_DEFINITION",
        message: "environment: got german, wanted one of public, usgovernment, china, or a metadataHost",
      },
    },
  ];
  for (const { what, ask, error } of REFUSED) test(`refuses ${what}`, async () => assert.rejects(ask(), error));

  test("knows the endpoints of each cloud", async () => {
    const hosts = await Promise.all(
      ["public", "usgovernment", "china"].map(async (environment) =>
        Object.values(await findCloud({ environment })).map((url) => new URL(url as string).host),
      ),
    );
    assert.equal(new Set(hosts.flat()).size, 6);
  });
  test("prefers arguments to the environment", () => {
    const env = {
      ARM_CLIENT_ID: "from the environment",
      ARM_TENANT_ID: "t",
      ARM_USE_OIDC: "true",
      ARM_USE_MSI: "false",
      ARM_CLIENT_SECRET: "",
      ARM_OIDC_TOKEN_FILE_PATH: "/token",
      ACTIONS_ID_TOKEN_REQUEST_URL: "https://github",
    };
    assert.deepEqual(withEnvironment({ clientId: "given" }, env), {
      clientId: "given",
      tenantId: "t",
      useOidc: true,
      oidcTokenFilePath: "/token",
      oidcRequestUrl: "https://github",
    });
  });
});

test("a registry login exchanges the Azure token, for Azure's registries only", async () => {
  assert.equal(await acrAuth()({ registry: "ghcr.io" } as Parameters<ReturnType<typeof acrAuth>>[0]), undefined);
  const registry = createServer((request, response) => {
    let form = "";
    request.on("data", (chunk: Buffer) => {
      form += chunk;
    });
    request.on("end", () => {
      const { grant_type, service, access_token } = Object.fromEntries(new URLSearchParams(form));
      const right =
        request.method === "POST" &&
        request.url === "/oauth2/exchange" &&
        grant_type === "access_token" &&
        service === "acme.azurecr.io" &&
        access_token === "arm";
      response
        .writeHead(right ? 200 : 401, { "content-type": "application/json" })
        .end(right ? '{"refresh_token":"r"}' : '{"errors":[{"code":"UNAUTHORIZED"}]}');
    });
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  assert.equal(await exchangeToken(url, "acme.azurecr.io", "arm"), "r");
  await assert.rejects(exchangeToken(url, "acme.azurecr.io", "other"), { code: "ACCESS_DENIED" });
  await new Promise((resolve) => registry.close(resolve));
});
