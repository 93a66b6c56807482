import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkDefinition } from "../../sdk/definition/check-definition.ts";
import { Image } from "../../sdk/definition/image.ts";
import { Service } from "../../sdk/definition/service.ts";
import { UNKNOWN } from "../../sdk/plugin/value.ts";
import { cases, yamlOf } from "../support/conformance.ts";

const failuresOf = (json: unknown, options = {}): string[] => {
  const result = checkDefinition(json, options);
  assert.ok("failures" in result);
  return result.failures.map(({ path, message }) => `${path}: ${message}`);
};

describe("a definition that came as JSON is checked to the last leaf", () => {
  for (const [json, ...wanted] of [
    [
      { services: { web: { image: "x", capabilities: ["CAP_FLYY", "CAP_KIL"] } } },
      /^services\.web\.capabilities\[0\]: got "CAP_FLYY", wanted one of /,
      /^services\.web\.capabilities\[1\]: .* did you mean "CAP_KILL"\?$/,
    ],
    [{ onboot: [{ image: "x" }] }, /^onboot\[0\]\.name: missing, wanted a string$/],
    [{ onboot: [{ name: "a", image: "x", uid: "b" }] }, /^onboot\[0\]\.uid: got "b", which is not a container or user/],
    [{ services: { "../x": { image: "x" } } }, /^services\["\.\.\/x"\]: got "\.\.\/x" as a name, wanted /],
    [{ services: { web: { image: "x", restart: null } } }, /^services\.web\.restart: got null, wanted /],
    [{ files: [{ path: "../a", contents: "" }] }, /^files\[0\]\.path: got "\.\.\/a", wanted a path that stays/],
    [{ volumes: { v: { format: "ext4" } } }, /^volumes\.v\.format: got "ext4", wanted "filesystem" or "oci"$/],
    [{ kernel: {} }, /^kernel\.image: missing, wanted /],
    ["text", /^: got "text", wanted an object$/],
    [null, /^: got null, wanted an object$/],
  ] as const) {
    test(JSON.stringify(json), () => {
      const got = failuresOf(json);
      assert.equal(got.length, wanted.length, got.join("\n"));
      for (const [index, pattern] of wanted.entries()) assert.match(got[index] as string, pattern);
    });
  }
});

test("defaults are filled in", () =>
  assert.deepEqual(checkDefinition({ files: [{ path: "a", directory: true }] }), {
    definition: {
      init: [],
      onboot: [],
      onshutdown: [],
      services: {},
      volumes: {},
      files: [{ path: "a", directory: true, mode: "0700", uid: 0, gid: 0 }],
    },
  }));

describe("what an Image normalises to passes unchanged", () => {
  for (const name of cases("accepted")) {
    test(name, () => {
      const { spec } = Image.fromYaml(yamlOf("accepted", name));
      assert.deepEqual(checkDefinition(JSON.parse(JSON.stringify(spec)), { complete: true }), { definition: spec });
    });
  }
});

describe("an unknown of a preview", () => {
  const json = {
    services: { web: { image: UNKNOWN, capabilities: [UNKNOWN], health: UNKNOWN, binds: [UNKNOWN] } },
    init: UNKNOWN,
    healthPort: UNKNOWN,
  };
  test("is passed over", () => assert.ok("definition" in checkDefinition(json)));
  test("is passed over everywhere", () => {
    for (const field of ["init", "onboot", "onshutdown", "services", "volumes", "files", "kernel", "healthPort"])
      assert.ok("definition" in checkDefinition({ [field]: UNKNOWN }), field);
    assert.ok("definition" in checkDefinition(UNKNOWN));
  });
  test("does not hide the literal beside it", () =>
    assert.match(
      failuresOf({ services: { web: { image: UNKNOWN, capabilities: [UNKNOWN, "CAP_X"] } } })[0] as string,
      /^services\.web\.capabilities\[1\]/,
    ));
  test("is refused where there can be none", () => {
    const { spec } = new Image({ services: [new Service("web", { image: "x", cwd: Promise.resolve("/") })] });
    assert.match(failuresOf(spec, { complete: true })[0] as string, /^services\.web\.cwd: got a value that is not known yet/);
  });
});
