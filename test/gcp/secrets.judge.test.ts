import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Authority, makeAuthority } from "../support/authority.ts";
import { startGcpMetadata } from "../support/gcp/metadata-server.ts";
import { startSecretManager, type StoredVersions } from "../support/gcp/secret-manager.ts";
import { noise } from "../support/disks.ts";
import { runSecrets } from "../support/secrets-task.ts";

const TOKEN = "ya29.c.b0AXv0zTP-_test";
const of = (name: string) => `projects/p/secrets/${name}/versions/latest`;
const STORED: StoredVersions = {
  [of("db")]: Buffer.from('p4ss"w\\ord\n'),
  "projects/p/locations/europe-west3/secrets/bytes/versions/3": noise(4_000, "s"),
  [of("denied")]: null,
  [of("damaged")]: "damaged",
};

let authority: Authority;
before(async () => {
  authority = await makeAuthority();
});

interface Run {
  readonly references?: unknown;
  readonly account?: boolean;
  readonly token?: string;
  readonly timeout?: number;
}

async function run({ references, account = true, token = TOKEN, timeout = 20 }: Run) {
  const attribute =
    references === undefined
      ? {}
      : { "instance/attributes/linuxkit-secrets": typeof references === "string" ? references : JSON.stringify(references) };
  await using metadata = await startGcpMetadata({
    "instance/id": "1",
    ...attribute,
    ...(account && {
      "instance/service-accounts/default/token": JSON.stringify({ access_token: token, expires_in: 3599, token_type: "Bearer" }),
    }),
  });
  await using manager = await startSecretManager(authority, TOKEN, STORED);
  return await runSecrets(
    { cloud: "gcp", endpoint: `127.0.0.1:${metadata.port}`, timeout, endpoints: { secretmanager: `https://127.0.0.1:${manager.port}` } },
    authority.cert,
    ["web", "jobs"],
  );
}

describe("debian.secrets on Google Cloud", () => {
  test("text and bytes arrive unchanged, each in its service's folder", async () => {
    await using ended = await run({
      references: { web: { db: of("db"), "b.1": "projects/p/locations/europe-west3/secrets/bytes/versions/3" }, gone: { db: of("none") } },
    });
    assert.equal(ended.status, 0, ended.text);
    assert.deepEqual(await ended.read("web/db"), STORED[of("db")]);
    assert.deepEqual(await ended.read("web/b.1"), STORED["projects/p/locations/europe-west3/secrets/bytes/versions/3"]);
    assert.equal(await ended.mode("web/db"), 0o400);
    assert.doesNotMatch(ended.text, /p4ss|ya29/);
  });
  test("a machine without the attribute has no secrets", async () => {
    await using ended = await run({ account: false });
    assert.equal(ended.status, 0, ended.text);
  });
  const failures: Record<string, [Run, RegExp]> = {
    "a version that does not exist": [
      { references: { web: { db: of("none") } } },
      /^secrets: web\.db: projects\/p\/secrets\/none\/versions\/latest: NOT_FOUND Secret Version \[.*\] not found\.$/m,
    ],
    "an account without permission": [
      { references: { web: { db: of("denied") } }, timeout: 1 },
      /^secrets: web\.db: .*PERMISSION_DENIED Permission 'secretmanager\.versions\.access' denied .*; tried for 1 s$/m,
    ],
    "no account": [
      { references: { web: { db: of("db") } }, account: false, timeout: 1 },
      /^secrets: web\.db: this machine has no service account; tried for 1 s$/m,
    ],
    "an expired token": [{ references: { web: { db: of("db") } }, token: "old", timeout: 1 }, /UNAUTHENTICATED/],
    "a value that arrived damaged": [
      { references: { web: { db: of("damaged") } }, timeout: 1 },
      /^secrets: web\.db: .*: its value arrived damaged; tried for 1 s$/m,
    ],
    "a malformed reference": [
      { references: { web: { db: "db" } } },
      /^secrets: web\.db: wanted projects\/PROJECT\/secrets\/SECRET\/versions\/VERSION$/m,
    ],
    "a malformed attribute": [
      { references: "web=db" },
      /the attribute linuxkit-secrets is not \{ SERVICE: \{ NAME: reference \} \} as JSON$/m,
    ],
    "a name that leaves the folder": [
      { references: { web: { "../x": of("db") } } },
      /^secrets: web\.\.\.\/x: got a name that no secret can have$/m,
    ],
  };
  for (const [name, [given, message]] of Object.entries(failures)) {
    test(`fails: ${name}`, async () => {
      await using ended = await run(given);
      assert.equal(ended.status, 1, ended.text);
      assert.match(ended.text, message);
    });
  }
});
