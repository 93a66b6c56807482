import assert from "node:assert/strict";
import { constants, createHash, createPrivateKey, randomUUID, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { AzureServer } from "../support/azure/azure-server.ts";
import { type Certificate, makeCertificate } from "../support/azure/certificate.ts";

const CLIENT = "aaaaaaaa-0000-0000-0000-000000000001";
const MANAGED = "aaaaaaaa-0000-0000-0000-000000000002";
const ARM = "https://management.azure.com/.default";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

describe("the stand-in for Microsoft Entra ID", { timeout: 60_000 }, () => {
  let server: AzureServer;
  let own: Certificate;
  let other: Certificate;
  before(async () => {
    [own, other] = await Promise.all([makeCertificate(), makeCertificate()]);
    server = await AzureServer.start();
    server.entra.identities.push(
      { clientId: CLIENT, secret: "s3cret", certificate: own.cert, federatedToken: "a.workload.token" },
      { clientId: MANAGED, managed: true },
    );
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await Promise.all([own[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
  });

  const endpoint = (tenant = server.entra.tenant) => `${server.url}/${tenant}/oauth2/v2.0/token`;
  const answerOf = async (response: Response) => {
    const { access_token, error } = (await response.json()) as { access_token?: string; error?: string };
    return { status: response.status, error, token: access_token };
  };
  const ask = async (form: Record<string, string>, tenant?: string) =>
    answerOf(
      await fetch(endpoint(tenant), {
        method: "POST",
        body: new URLSearchParams({ grant_type: "client_credentials", client_id: CLIENT, scope: ARM, ...form }),
      }),
    );
  const managed = async (query: Record<string, string>, headers: Record<string, string>) =>
    answerOf(
      await fetch(
        `${server.url}/metadata/identity/oauth2/token?${new URLSearchParams({ "api-version": "2018-02-01", resource: "https://management.azure.com/", ...query })}`,
        { headers },
      ),
    );
  const assertion = (certificate: Certificate, claims: Record<string, unknown> = {}, alg = "PS256") => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const der = Buffer.from(certificate.cert.replace(/-----[^-]+-----|\s/g, ""), "base64");
    const now = Math.floor(Date.now() / 1000);
    const text = `${part({ alg, typ: "JWT", "x5t#S256": createHash("sha256").update(der).digest("base64url") })}.${part({ aud: endpoint(), iss: CLIENT, sub: CLIENT, jti: randomUUID(), nbf: now, exp: now + 600, ...claims })}`;
    const key = createPrivateKey(certificate.key);
    return {
      client_assertion_type: ASSERTION,
      client_assertion: `${text}.${sign("sha256", Buffer.from(text), alg === "PS256" ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : key).toString("base64url")}`,
    };
  };

  const REQUESTS: readonly { readonly what: string; readonly ask: () => ReturnType<typeof ask>; readonly refused?: string }[] = [
    { what: "a secret", ask: () => ask({ client_secret: "s3cret" }) },
    { what: "a wrong secret", ask: () => ask({ client_secret: "s3cre" }), refused: "401 invalid_client" },
    { what: "neither secret nor assertion", ask: () => ask({}), refused: "401 invalid_client" },
    {
      what: "an unknown application",
      ask: () => ask({ client_id: "none", client_secret: "s3cret" }),
      refused: "400 unauthorized_client",
    },
    { what: "an unknown tenant", ask: () => ask({ client_secret: "s3cret" }, "none"), refused: "400 invalid_request" },
    {
      what: "a scope of version 1",
      ask: () => ask({ client_secret: "s3cret", scope: "https://management.azure.com/" }),
      refused: "400 invalid_scope",
    },
    {
      what: "a grant of another type",
      ask: () => ask({ client_secret: "s3cret", grant_type: "password" }),
      refused: "400 unsupported_grant_type",
    },
    { what: "an assertion by PS256", ask: () => ask(assertion(own)) },
    { what: "an assertion by RS256", ask: () => ask(assertion(own, {}, "RS256")) },
    { what: "an assertion signed with another key", ask: () => ask(assertion(other)), refused: "401 invalid_client" },
    {
      what: "an assertion for another audience",
      ask: () => ask(assertion(own, { aud: "https://login.microsoftonline.com/" })),
      refused: "401 invalid_client",
    },
    { what: "an expired assertion", ask: () => ask(assertion(own, { exp: 1 })), refused: "401 invalid_client" },
    { what: "an assertion about another application", ask: () => ask(assertion(own, { sub: "none" })), refused: "401 invalid_client" },
    { what: "a federated token", ask: () => ask({ client_assertion_type: ASSERTION, client_assertion: "a.workload.token" }) },
    { what: "a request for the managed identity", ask: () => managed({}, { metadata: "true" }) },
    { what: "a request for the managed identity by ID", ask: () => managed({ client_id: MANAGED }, { metadata: "true" }) },
    {
      what: "a request for another identity",
      ask: () => managed({ client_id: CLIENT }, { metadata: "true" }),
      refused: "400 invalid_request",
    },
    { what: "a request without the metadata header", ask: () => managed({}, {}), refused: "400 invalid_request" },
    {
      what: "a forwarded request",
      ask: () => managed({}, { metadata: "true", "x-forwarded-for": "1.2.3.4" }),
      refused: "400 invalid_request",
    },
  ];
  for (const { what, ask, refused } of REQUESTS) {
    test(`${refused === undefined ? "accepts" : "refuses"} ${what}`, async () => {
      const { status, error, token } = await ask();
      assert.equal(error && `${status} ${error}`, refused);
      if (token !== undefined) server.entra.check(`Bearer ${token}`, server.url);
    });
  }

  test("tokens expire", async () => {
    server.entra.lifetime = -1;
    const { token } = await ask({ client_secret: "s3cret" });
    assert.throws(() => server.entra.check(`Bearer ${token}`, server.url), { code: "ExpiredAuthenticationToken" });
  });

  test("lists its endpoints in the metadata of Azure Resource Manager", async () => {
    const [cloud] = (await (await fetch(`${server.url}/metadata/endpoints?api-version=2022-09-01`)).json()) as {
      resourceManager: string;
      authentication: { loginEndpoint: string };
    }[];
    const { token_endpoint } = (await (
      await fetch(`${cloud?.authentication.loginEndpoint}/${server.entra.tenant}/v2.0/.well-known/openid-configuration`)
    ).json()) as { token_endpoint: string };
    assert.deepEqual([cloud?.resourceManager, token_endpoint], [server.url, endpoint()]);
  });
});
