import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { policies, type PolicyOptions } from "../../sdk/policy-pack/audit-policies.ts";

/** The messages of the policies for an `ImageBuild` with these properties, as `rule: message`. */
function messagesOf(props: object, options: PolicyOptions = {}): string[] {
  const messages: string[] = [];
  for (const { name, validateResource } of policies(options) as unknown as {
    name: string;
    validateResource(args: object, report: (message: string) => void): void;
  }[]) {
    validateResource({ type: "linuxkit:index:ImageBuild", props }, (message) =>
      messages.push(`${name.replace("sp800-190-", "")}: ${message}`),
    );
  }
  return messages;
}

describe("the policies check an operating system that was built elsewhere", () => {
  const pinned = `ghcr.io/acme/os:1@sha256:${"0".repeat(64)}`;
  const verify = {
    "ghcr.io/acme": generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
  const ROWS: readonly (readonly [what: string, props: object, options: PolicyOptions, wanted: readonly RegExp[]])[] = [
    ["pinned and signed", { artifact: pinned, verify }, {}, []],
    ["from an allowed registry", { artifact: pinned, verify }, { registries: ["ghcr.io/acme"] }, []],
    [
      "without a checked signature",
      { artifact: pinned },
      {},
      [/^image-signed: artifact: the signature of ghcr\.io\/acme\/os is not checked; set the public key of its publisher/],
    ],
    [
      "from another registry",
      { artifact: pinned, verify },
      { registries: ["ghcr.io/other"] },
      [/^image-registry: artifact: ghcr\.io\/acme\/os is not in an allowed registry/],
    ],
    ["with the tag latest", { artifact: "ghcr.io/acme/os:latest", verify }, {}, [/^image-tag: artifact: /, /^image-digest: artifact: /]],
  ];
  for (const [what, props, options, wanted] of ROWS) {
    test(what, () => {
      const messages = messagesOf(props, options);
      assert.equal(messages.length, wanted.length, messages.join("\n"));
      for (const [index, pattern] of wanted.entries()) assert.match(messages[index] as string, pattern);
    });
  }
  test("other resources have no findings", () => {
    const messages: string[] = [];
    for (const policy of policies() as unknown as { validateResource(args: object, report: (message: string) => void): void }[])
      policy.validateResource({ type: "aws:ec2/ami:Ami", props: { artifact: "x" } }, (message) => messages.push(message));
    assert.deepEqual(messages, []);
  });
});
