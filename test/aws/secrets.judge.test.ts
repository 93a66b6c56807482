import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Authority, makeAuthority } from "../support/authority.ts";
import { instanceMetadata, ROLE } from "../support/aws/instance-metadata.ts";
import { SecretServices, type StoredSecrets } from "../support/aws/secret-services.ts";
import { MetadataServer } from "../support/metadata-server.ts";
import { runSecrets } from "../support/secrets-task.ts";

const STORED: StoredSecrets = {
  "prod/db": 'p4ss"w\\ord\n\tü\u2028 ',
  "prod/bytes": Buffer.from([0, 1, 255, 10, 0]),
  "prod/denied": null,
  "/prod/api": "key-of-the-api",
  "arn:aws:ssm:eu-central-1:123456789012:parameter/prod/api": "by its ARN",
};
const tag = (to: string, reference: string): Record<string, string> => ({ [`linuxkit.secret.${to}`]: reference });

interface Run {
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly role?: typeof ROLE | null;
  readonly fault?: SecretServices["fault"];
  readonly timeout?: number;
  readonly authorities?: string;
}

let authority: Authority;
before(async () => {
  authority = await makeAuthority("*.us-east-1.amazonaws.com");
});

/** Runs the task as a guest does, whose services have the folders. */
async function run({ tags, role = ROLE, fault, timeout = 20, authorities = authority.cert }: Run, folders: readonly string[] = ["web"]) {
  const metadata = await MetadataServer.start(instanceMetadata(tags, role ?? undefined));
  if (role === null) delete (metadata.content as Record<string, string>)["meta-data/iam/security-credentials/"];
  const services = await SecretServices.start(authority, ROLE, STORED);
  services.fault = fault;
  const url = `https://127.0.0.1:${services.port}`;
  const args = { cloud: "aws", endpoint: `127.0.0.1:${metadata.port}`, timeout, endpoints: { secretsmanager: url, ssm: url } } as const;
  const ended = await runSecrets(args, authorities, folders);
  return {
    ...ended,
    services,
    async [Symbol.asyncDispose]() {
      await Promise.all([metadata[Symbol.asyncDispose](), services[Symbol.asyncDispose](), ended[Symbol.asyncDispose]()]);
    },
  };
}

describe("debian.secrets on AWS", () => {
  test("text and bytes of both stores arrive unchanged, each in its service's folder", async () => {
    const tags = {
      Name: "web",
      ...tag("web.db", "secretsmanager:prod/db"),
      ...tag("web.api.key", "ssm:/prod/api"),
      ...tag("jobs.bytes", "secretsmanager:prod/bytes"),
      ...tag("jobs.arn", "arn:aws:ssm:eu-central-1:123456789012:parameter/prod/api"),
      ...tag("gone.key", "ssm:/prod/none"),
    };
    await using ended = await run({ tags }, ["web", "jobs"]);
    assert.equal(ended.status, 0, ended.text);
    assert.equal((await ended.read("web/db")).toString(), STORED["prod/db"]);
    assert.equal((await ended.read("web/api.key")).toString(), "key-of-the-api");
    assert.deepEqual(await ended.read("jobs/bytes"), STORED["prod/bytes"]);
    assert.equal((await ended.read("jobs/arn")).toString(), "by its ARN");
    assert.equal(await ended.mode("web/db"), 0o400);
    assert.match(ended.text, /gone\.key is passed over: no service gone of this machine names secrets/);
    assert.doesNotMatch(ended.text, /p4ss|key-of|by its/);
  });
  test("a throttled or failing request is retried", async () => {
    const faults = [
      { status: 400, type: "ThrottlingException" },
      { status: 500, type: "InternalServiceError" },
    ];
    await using ended = await run({ tags: tag("web.api", "ssm:/prod/api"), fault: (count) => faults[count] });
    assert.equal(ended.status, 0, ended.text);
    assert.deepEqual(
      ended.services.requests.map((request) => request.slice(-3)),
      ["400", "500", "200"],
    );
  });
  test("a machine without secrets sends no request", async () => {
    await using ended = await run({ tags: { Name: "web" }, role: null });
    assert.equal(ended.status, 0, ended.text);
    assert.deepEqual(ended.services.requests, []);
  });

  const failures: Record<string, [Run, RegExp]> = {
    "a secret that does not exist": [
      { tags: tag("web.db", "secretsmanager:prod/none") },
      /^secrets: web\.db: secretsmanager\.GetSecretValue: ResourceNotFoundException Secrets Manager can't find the specified secret\.$/m,
    ],
    "a parameter that does not exist": [
      { tags: tag("web.db", "ssm:/prod/none") },
      /^secrets: web\.db: AmazonSSM\.GetParameter: ParameterNotFound/m,
    ],
    "a role without permission": [
      { tags: tag("web.db", "secretsmanager:prod/denied"), timeout: 1 },
      /^secrets: web\.db: .*AccessDeniedException User: arn:.* is not authorized to perform: secretsmanager:GetSecretValue on resource: prod\/denied; tried for 1 s$/m,
    ],
    "no role": [
      { tags: tag("web.db", "ssm:/prod/api"), role: null, timeout: 1 },
      /^secrets: web\.db: this machine has no role: wanted an instance profile; tried for 1 s$/m,
    ],
    "a signature with another key": [
      { tags: tag("web.db", "ssm:/prod/api"), role: { ...ROLE, SecretAccessKey: "other" }, timeout: 1 },
      /InvalidSignatureException/,
    ],
    "tags missing from the metadata": [
      { tags: undefined, timeout: 1 },
      /^secrets: the machine's tags: they are not in the metadata: wanted instance metadata tags enabled; tried for 1 s$/m,
    ],
    "a malformed reference": [
      { tags: tag("web.db", "vault:prod/db") },
      /^secrets: web\.db: got vault:prod\/db, wanted secretsmanager:ID, ssm:NAME or the ARN of one$/m,
    ],
    "a name that leaves the folder": [
      { tags: tag("web...db", "ssm:/prod/api") },
      /^secrets: web\.\.\.db: got a name that no secret can have$/m,
    ],
  };
  for (const [name, [given, message]] of Object.entries(failures)) {
    test(`fails: ${name}`, async () => {
      await using ended = await run(given);
      assert.equal(ended.status, 1, ended.text);
      assert.match(ended.text, message);
    });
  }
  test("fails: a server with an untrusted certificate receives nothing", async () => {
    const other = await makeAuthority();
    await using ended = await run({ tags: tag("web.db", "ssm:/prod/api"), authorities: other.cert, timeout: 1 });
    assert.equal(ended.status, 1);
    assert.match(ended.text, /^secrets: web\.db: tls: failed to verify certificate/m);
    assert.deepEqual(ended.services.requests, []);
  });
});
