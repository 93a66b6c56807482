import { type Finding, findingsOf } from "../finding.ts";
import type { GoogleApis } from "./client.ts";
import { type Part, permissionsOf } from "./permissions.ts";

/** Permissions of one testIamPermissions request. Source: Resource Manager API, projects.testIamPermissions. */
const AT_ONCE = 100;

interface Tested {
  readonly permissions?: readonly string[];
}

/** Which permissions the credentials lack: on the project, on each bucket, and on each service account. */
export async function checkRights(
  apis: GoogleApis,
  project: string,
  {
    parts,
    buckets,
    accounts,
  }: { readonly parts: readonly Part[]; readonly buckets: readonly string[]; readonly accounts: readonly string[] },
): Promise<readonly Finding[]> {
  const { ok, refused } = findingsOf("rights");
  const all = permissionsOf(parts);
  const isOfObject = (name: string): boolean => /^(?:storage\.(?:objects|buckets)\.(?:get|create|delete)$|iam\.)/.test(name);
  // what a bucket or an account of its own may grant is asked there
  const wanted = all.filter((name) => !(isOfObject(name) && (name.startsWith("iam.") || buckets.length > 0)));
  const had: string[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const { permissions = [] } = await apis.project<Tested>("testIamPermissions", { permissions: wanted.slice(at, at + AT_ONCE) });
    had.push(...permissions);
  }
  const lacking = wanted.filter((name) => !had.includes(name));
  const findings = lacking.map((name) =>
    refused(
      name,
      `the credentials lack it on project ${project}`,
      "grant a role with it: --policy prints one for `gcloud iam roles create`",
    ),
  );
  for (const email of accounts) {
    const answer = await apis.account<Tested>(email, "testIamPermissions", { permissions: ["iam.serviceAccounts.actAs"] });
    if (!answer) findings.push(refused(email, "the service account does not exist", "create it, or name another serviceAccount"));
    else if (!answer.permissions?.length)
      findings.push(refused(email, "the credentials may not start machines as this account", "grant roles/iam.serviceAccountUser on it"));
  }
  for (const bucket of buckets) findings.push(...(await bucketFindings(apis, bucket)));
  return lacking.length > 0 ? findings : [ok(project, `the credentials have all ${wanted.length} permissions on the project`), ...findings];
}

/** Source: Cloud Storage JSON API, buckets.testIamPermissions; Cloud Storage, "Retention policies": an object cannot be deleted before. */
async function bucketFindings(apis: GoogleApis, name: string): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("bucket");
  const found = await apis.bucket<{ readonly retentionPolicy?: { readonly retentionPeriod?: string } }>(name);
  if (!found)
    return [
      refused(name, "the bucket does not exist, or belongs to somebody else", "create it, or leave `bucket` out: the component makes one"),
    ];
  const wanted = ["storage.objects.create", "storage.objects.delete", "storage.objects.get"];
  const query = wanted.map((permission) => `permissions=${permission}`).join("&");
  const { permissions = [] } = (await apis.bucket<Tested>(name, `/iam/testPermissions?${query}`)) ?? {};
  const lacking = wanted.filter((permission) => !permissions.includes(permission));
  const seconds = found.retentionPolicy?.retentionPeriod;
  return [
    ...(lacking.length > 0
      ? [refused(name, `the credentials lack ${lacking.join(", ")} on it`, "grant roles/storage.objectAdmin on the bucket")]
      : [ok(name, "the credentials may write to it")]),
    ...(seconds === undefined
      ? []
      : [
          warning(name, `it keeps objects for ${seconds} s: an upload cannot be deleted before`, "use a bucket without a retention policy"),
        ]),
  ];
}
