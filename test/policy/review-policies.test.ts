import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { UNKNOWN } from "../../sdk/core/deferred.ts";
import { Image, Service, type ServiceArgs } from "../../sdk/index.ts";
import { type ReviewPolicyOptions, reviewPolicies } from "../../sdk/policy-pack/review-policies.ts";

const folder = mkdtempSync(join(tmpdir(), "review-policies-"));
after(() => rmSync(folder, { recursive: true }));

const os = (more: Partial<ServiceArgs> = {}) =>
  new Image({ init: ["linuxkit/init:1"], services: [new Service("web", { image: "nginx:1.27", env: { TOKEN: "swordfish" }, ...more })] });

/** What the policies say of an `ImageBuild` with this image, as `policy, level: message`. */
function said(image: object | undefined, options: Partial<ReviewPolicyOptions> = {}, name = "web"): string[] {
  const lines: string[] = [];
  type Policy = { name: string; enforcementLevel: string; validateResource(args: object, report: (message: string) => void): void };
  for (const policy of reviewPolicies({ approved: { web: os() }, ...options }) as unknown as Policy[])
    policy.validateResource({ type: "linuxkit:index:ImageBuild", name, props: { image } }, (message) =>
      lines.push(`${policy.name}, ${policy.enforcementLevel}: ${message}`),
    );
  return lines;
}

describe("policies on the direction of a change", () => {
  const ROWS: readonly (readonly [what: string, more: Partial<ServiceArgs>, wanted: readonly RegExp[]])[] = [
    ["nothing", {}, []],
    ["another order", { capabilities: [] }, []],
    [
      "a capability",
      { capabilities: ["CAP_NET_RAW"] },
      [/^review-widens, mandatory: image\.services\.web: capability CAP_NET_RAW added: .+; to accept it, /],
    ],
    ["a read-only root", { readonly: true }, []],
    ["another secret", { env: { TOKEN: "mackerel" } }, []],
  ];
  for (const [what, more, wanted] of ROWS)
    test(`a change of ${what}: ${wanted.length === 0 ? "passes" : "is refused"}`, () => {
      const lines = said(os(more).spec);
      assert.equal(lines.length, wanted.length, lines.join("\n"));
      for (const [index, pattern] of wanted.entries()) assert.match(lines[index] as string, pattern);
    });

  test("levels decide, and no message holds a value", () => {
    const levels = { widens: "advisory", narrows: "mandatory", neutral: "advisory" } as const;
    const lines = said(os({ capabilities: ["CAP_NET_RAW"], env: { TOKEN: "mackerel" } }).spec, { levels });
    assert.equal(lines.filter((line) => line.startsWith("review-widens, advisory: ")).length, 1, lines.join("\n"));
    assert.equal(lines.filter((line) => line.startsWith("review-neutral, advisory: ")).length, 1, lines.join("\n"));
    assert.doesNotMatch(lines.join(), /mackerel|swordfish/);
    assert.deepEqual(said(os({ capabilities: ["CAP_NET_RAW"] }).spec, { levels: { widens: "disabled" } }), []);
  });

  test("what is not known yet counts as approved, and what has no approved definition as new", () => {
    const { spec } = os();
    const unknown = { ...spec, services: { web: { ...spec.services["web"], image: UNKNOWN } } };
    assert.deepEqual(said(unknown), []);
    assert.ok(said(os({ capabilities: ["CAP_NET_RAW"] }).spec, {}, "other").some((line) => line.includes("services.web")));
    assert.deepEqual(said(undefined), []);
  });

  test("the approved definition may be what describe prints", () => {
    const file = join(folder, "approved.json");
    writeFileSync(file, JSON.stringify(os().spec));
    assert.deepEqual(said(os().spec, { approved: { web: file } }), []);
    assert.equal(said(os({ capabilities: ["CAP_NET_RAW"] }).spec, { approved: { web: file } }).length, 1);
  });

  const WRONG: readonly (readonly [what: string, options: object, wanted: RegExp])[] = [
    [
      "an unknown direction",
      { levels: { widen: "mandatory" } },
      /^levels\.widen: got "widen", wanted one of widens, breaks, narrows, neutral$/,
    ],
    ["an unknown level", { levels: { widens: "yes" } }, /^levels\.widens: got "yes", wanted one of advisory, mandatory, disabled$/],
    ["a missing file", { approved: { web: join(folder, "none.json") } }, /none\.json/],
    [
      "another file",
      { approved: { web: join(import.meta.dirname, "audit.test.ts") } },
      /wanted the JSON that `pulumi-linuxkit describe` prints$/,
    ],
  ];
  for (const [what, options, wanted] of WRONG)
    test(`${what} is refused`, () =>
      assert.throws(() => reviewPolicies({ approved: {}, ...options }), { name: "LinuxKitError", message: wanted }));
});
