import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { actionsOf, OF_DOCTOR, OF_PLUGIN, type Part, policyOf } from "../../sdk/doctor/aws/permissions.ts";
import { DRY_RUNS } from "../../sdk/doctor/aws/rights.ts";
import { sources } from "../support/imports.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PREFIXES: Readonly<Record<string, string>> = {
  ebs: "ebs",
  ec2: "ec2",
  "auto-scaling": "autoscaling",
  "service-quotas": "servicequotas",
  sts: "sts",
};
/** Actions that need no right in a policy of the caller's account: its own name, and a role whose trust policy decides. */
const FREE = ["sts:GetCallerIdentity", "sts:AssumeRole"];
const PARTS: readonly Part[] = ["image", "copies", "machine", "volumes", "fleet"];

/** The operations that sources call, read from what they import from AWS's clients: commands, and paginators. */
async function called(folder: string): Promise<readonly string[]> {
  const files = (await sources()).filter((file) => file.startsWith(folder));
  const actions = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const imports = [...text.matchAll(/(?:import|const) \{([^}]*)\} (?:from|= await import\() ?"@aws-sdk\/client-([\w-]+)"/g)];
    return imports.flatMap(([, names = "", client = ""]) =>
      [...names.matchAll(/\b(?:paginate(\w+)|(\w+)Command)\b/g)].map(([, paged, command]) => `${PREFIXES[client]}:${paged ?? command}`),
    );
  });
  return [...new Set(actions)].filter((action) => !FREE.includes(action)).sort();
}

describe("the smallest policy", () => {
  test("has what the plugin's sources call, and no more", async () => {
    const listed = [...new Set(Object.values(OF_PLUGIN).flat())].sort();
    assert.deepEqual(await called("providers/aws/plugin/"), listed);
  });

  test("has what these checks call, and no more", async () => assert.deepEqual(await called("sdk/doctor/aws/"), [...OF_DOCTOR].sort()));

  test("every action of EC2 in it has a dry run, and no other", () => {
    const wanted = actionsOf(PARTS).filter((action) => action.startsWith("ec2:"));
    assert.deepEqual(
      Object.keys(DRY_RUNS).map((operation) => `ec2:${operation}`),
      wanted,
    );
  });

  test("grows with the parts of the program", () => {
    const facts = { regions: ["eu-central-1"], hasProfile: false, keys: [] };
    const sids = (parts: readonly Part[], more: object = {}) =>
      (policyOf({ ...facts, parts, ...more }) as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid);
    assert.deepEqual(sids(["image"]), ["Upload", "Update", "Doctor"]);
    assert.deepEqual(sids(["fleet"]), ["Update", "ServiceRole", "Doctor"]);
    assert.deepEqual(sids(["image", "machine"], { hasProfile: true, keys: ["arn:aws:kms:::key/1"] }), [
      "Upload",
      "Update",
      "PassRole",
      "Keys",
      "Doctor",
    ]);
    assert.match(
      JSON.stringify(policyOf({ ...facts, parts: ["image"] })),
      /"arn:aws:ec2:\*::snapshot\/\*".*"aws:RequestedRegion":\["eu-central-1"\]/,
    );
    assert.match(JSON.stringify(policyOf({ ...facts, regions: ["cn-north-1"], parts: ["image"] })), /"arn:aws-cn:ec2:/);
  });
});
