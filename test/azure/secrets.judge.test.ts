import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { secrets, type SecretsArgs } from "../../sdk/debian/base/secrets.ts";
import { type Authority, makeAuthority } from "../support/authority.ts";
import { startKeyVault, type StoredVaultSecrets } from "../support/azure/key-vault.ts";
import { startAzureMetadata } from "../support/azure/metadata-server.ts";
import { runSecrets } from "../support/secrets-task.ts";

const TOKEN = "eyJ0eXAiOiJKV1Qi.test-_";
const CLIENT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
const STORED: StoredVaultSecrets = {
  "mine.vault.azure.net/secrets/db": 'p4ss"w\\ord\nü',
  "mine.vault.azure.net/secrets/db/4387e9f3": "older",
  "mine.vault.azure.net/secrets/denied": null,
  "cn.vault.azure.cn/secrets/db": "of China",
};

let authority: Authority;
before(async () => {
  authority = await makeAuthority("*.vault.azure.net", "*.vault.azure.cn");
});

interface Run {
  readonly tags: Readonly<Record<string, string>>;
  readonly identity?: "one" | "several" | "none";
  readonly args?: Partial<SecretsArgs>;
}

async function run({ tags, identity = "one", args = {} }: Run) {
  const asked: string[] = [];
  const list = Object.entries({ owner: "me", ...tags }).flatMap(([name, value], index) => [
    [`compute/tagsList/${index}/name`, name],
    [`compute/tagsList/${index}/value`, value],
  ]);
  await using metadata = await startAzureMetadata(Object.fromEntries(list), (query) => {
    asked.push(`${query.get("resource")} ${query.get("client_id") ?? ""}`.trim());
    if (identity === "none" || (identity === "several" && query.get("client_id") !== CLIENT))
      return {
        status: 400,
        body: JSON.stringify({
          error: "invalid_request",
          error_description:
            identity === "none"
              ? "Identity not found"
              : "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request",
        }),
      };
    return {
      status: 200,
      body: JSON.stringify({ access_token: TOKEN, expires_in: "86399", resource: query.get("resource"), token_type: "Bearer" }),
    };
  });
  await using vault = await startKeyVault(authority, TOKEN, STORED);
  const ended = await runSecrets(
    {
      cloud: "azure",
      endpoint: `127.0.0.1:${metadata.port}`,
      timeout: 1,
      endpoints: { keyvault: `https://127.0.0.1:${vault.port}` },
      ...args,
    },
    authority.cert,
    ["web"],
  );
  return Object.assign(ended, { asked, requests: vault.requests });
}
const tag = (name: string, url: string) => ({ [`linuxkit.secret.web.${name}`]: url });

describe("debian.secrets on Azure", () => {
  test("reads the newest or a given version of a secret unchanged", async () => {
    await using ended = await run({
      args: { timeout: 20 },
      tags: {
        ...tag("db", "https://mine.vault.azure.net/secrets/db"),
        ...tag("old.db", "https://mine.vault.azure.net/secrets/db/4387e9f3"),
        "linuxkit.secret.gone.db": "https://mine.vault.azure.net/secrets/none",
      },
    });
    assert.equal(ended.status, 0, ended.text);
    assert.equal((await ended.read("web/db")).toString(), STORED["mine.vault.azure.net/secrets/db"]);
    assert.equal((await ended.read("web/old.db")).toString(), "older");
    assert.equal(await ended.mode("web/db"), 0o400);
    assert.deepEqual(ended.asked, ["https://vault.azure.net"]);
    assert.doesNotMatch(ended.text, /p4ss|older|eyJ0/);
  });
  test("a vault in another Azure cloud gets a token for that cloud", async () => {
    await using ended = await run({ args: { timeout: 20 }, tags: tag("db", "https://cn.vault.azure.cn/secrets/db") });
    assert.equal(ended.status, 0, ended.text);
    assert.deepEqual(ended.asked, ["https://vault.azure.cn"]);
  });
  test("uses the given one of several identities", async () => {
    await using ended = await run({
      args: { timeout: 20, identity: CLIENT },
      identity: "several",
      tags: tag("db", "https://mine.vault.azure.net/secrets/db"),
    });
    assert.equal(ended.status, 0, ended.text);
    assert.deepEqual(ended.asked, [`https://vault.azure.net ${CLIENT}`]);
  });
  const failures: Record<string, [Run, RegExp]> = {
    "a secret that does not exist": [
      { tags: tag("db", "https://mine.vault.azure.net/secrets/none"), args: { timeout: 20 } },
      /^secrets: web\.db: https:\/\/mine\.vault\.azure\.net\/secrets\/none: SecretNotFound A secret with \(name\/id\) none was not found in this key vault\.$/m,
    ],
    "an identity without permission": [
      { tags: tag("db", "https://mine.vault.azure.net/secrets/denied") },
      /^secrets: web\.db: .*: Forbidden The user, group or application does not have secrets get permission.*; tried for 1 s$/m,
    ],
    "no identity": [
      { tags: tag("db", "https://mine.vault.azure.net/secrets/db"), identity: "none" },
      /^secrets: web\.db: the metadata service answered 400: Identity not found; tried for 1 s$/m,
    ],
    "several identities without a choice": [
      { tags: tag("db", "https://mine.vault.azure.net/secrets/db"), identity: "several" },
      /Multiple user assigned identities exist/,
    ],
  };
  for (const [name, [given, message]] of Object.entries(failures)) {
    test(`fails: ${name}`, async () => {
      await using ended = await run(given);
      assert.equal(ended.status, 1, ended.text);
      assert.match(ended.text, message);
    });
  }
  for (const url of [
    "https://mine.vault.azure.net.example.com/secrets/db",
    "https://example.com/secrets/db",
    "http://mine.vault.azure.net/secrets/db",
    "https://example.com#.vault.azure.net/secrets/db",
    "https://example.com:443@x.vault.azure.net/secrets/db",
    "https://.vault.azure.net/secrets/db",
    "mine/db",
  ]) {
    test(`fails without requesting a token: ${url}`, async () => {
      await using ended = await run({ tags: tag("db", url) });
      assert.equal(ended.status, 1, ended.text);
      assert.match(ended.text, /^secrets: web\.db: wanted the URL of a secret in Key Vault, such as/m);
      assert.deepEqual([ended.asked, ended.requests], [[], []]);
    });
  }
  for (const [args, message] of [
    [{ cloud: "gcp", identity: CLIENT }, `debian.secrets: identity: got "${CLIENT}" for gcp, wanted it only for azure`],
    [
      { cloud: "azure", endpoints: { ssm: "https://a" } },
      "debian.secrets: endpoints.ssm: got an endpoint that azure does not have, wanted keyvault",
    ],
  ] as const) {
    test(`refused: ${message}`, () => assert.throws(() => secrets(args), { code: "INVALID_DEFINITION", message }));
  }
});
