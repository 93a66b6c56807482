import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { checkInputs } from "../../sdk/plugin/check-inputs.ts";
import { input, resourceInputs } from "../../sdk/plugin/input.ts";
import { inputDiff } from "../../sdk/plugin/input-diff.ts";
import { type Properties, UNKNOWN } from "../../sdk/plugin/value.ts";

const probe = resourceInputs("A probe.", {
  bucket: input("Where it is.", z.string().min(3), { onChange: "replace" }),
  count: input("How many.", z.int().min(1).max(9).default(1)),
  mode: input("How.", z.enum(["fast", "slow"]).exactOptional()),
  file: input("What is sent.", z.string().optional(), { onChange: "ignore" }),
  password: input("Who asks.", z.string().min(4).optional(), { secret: true, onChange: "ignore" }),
  servers: input(
    "The servers.",
    z
      .array(z.strictObject({ host: input("Its name.", z.string().regex(/^[a-z]+$/, "lower-case letters")), port: z.int().default(80) }))
      .default([]),
  ),
  login: input("A login.", z.strictObject({ user: z.string(), key: input("Its key.", z.string(), { secret: true }) }).optional()),
  target: z.union([z.string().transform((to) => ({ to })), z.strictObject({ to: z.string() })]).optional(),
});

const failuresOf = (given: Properties): string[] =>
  (checkInputs(probe, { bucket: "abc", ...given }).failures ?? []).map(({ path, message }) => `${path}: ${message}`);

describe("checkInputs completes", () => {
  const rows: readonly (readonly [string, Properties, Properties])[] = [
    ["defaults", {}, { count: 1, servers: [] }],
    ["what is null like what is absent", { count: null, mode: null }, { count: 1, servers: [] }],
    ["nested defaults", { servers: [{ host: "a" }] }, { count: 1, servers: [{ host: "a", port: 80 }] }],
    [
      "nested defaults beside an unknown value",
      { servers: [{ host: UNKNOWN }, UNKNOWN] },
      { count: 1, servers: [{ host: UNKNOWN, port: 80 }, UNKNOWN] },
    ],
    ["a short form", { target: "x" }, { count: 1, servers: [], target: { to: "x" } }],
    ["a short form that is unknown", { target: UNKNOWN }, { count: 1, servers: [], target: UNKNOWN }],
    ["an unknown value in place of a list", { servers: UNKNOWN }, { count: 1, servers: UNKNOWN }],
  ];
  for (const [name, given, wanted] of rows)
    test(name, () =>
      assert.deepEqual(checkInputs(probe, { bucket: "abc", ...given }), { inputs: { bucket: "abc", ...wanted }, failures: [] }),
    );
});

describe("checkInputs refuses", () => {
  const rows: readonly (readonly [string, Properties, string[]])[] = [
    ["a name that is near to another", { conut: 2 }, ['conut: unknown property: did you mean "count"?']],
    ["an unknown value under a name that is near to another", { conut: UNKNOWN }, ['conut: unknown property: did you mean "count"?']],
    [
      "a name that is near to nothing",
      { x: 2 },
      ["x: unknown property, wanted one of bucket, count, mode, file, password, servers, login, target"],
    ],
    ["another type", { count: "2" }, ['count: got "2", wanted a number: leave out the quotes']],
    ["a value that is not in the list", { mode: "fats" }, ['mode: got "fats", wanted "fast" or "slow": did you mean "fast"?']],
    ["a value out of range", { count: 10 }, ["count: got 10, wanted at most 9"]],
    ["a value that is absent", { bucket: null }, ["bucket: missing, wanted a string"]],
    [
      "a wrong value beside an unknown one",
      { servers: [{ host: "A", port: UNKNOWN }] },
      ['servers[0].host: got "A", wanted lower-case letters'],
    ],
    ["a wrong item beside an unknown one", { servers: [UNKNOWN, { host: "A" }] }, ['servers[1].host: got "A", wanted lower-case letters']],
    [
      "a wrong nested name beside an unknown value",
      { servers: [{ host: UNKNOWN, prot: 1 }] },
      ['servers[0].prot: unknown property: did you mean "port"?'],
    ],
    ["a secret, without its value", { password: "abc" }, ["password: got a secret, wanted text of at least 4 characters"]],
    [
      "a nested secret, without its value",
      { login: { user: "me", key: 1234 } },
      ["login.key: got a secret, wanted a string: put it in quotes"],
    ],
    ["two at once", { count: 0, mode: 1 }, ["count: got 0, wanted at least 1", 'mode: got 1, wanted "fast" or "slow"']],
  ];
  for (const [name, given, wanted] of rows) test(name, () => assert.deepEqual(failuresOf(given), wanted));

  test("an input that came as a secret, without its value", () => {
    const { failures } = checkInputs(probe, { bucket: "ab" }, { isSecret: (path) => path === "bucket" });
    assert.deepEqual(failures, [{ path: "bucket", message: "got a secret, wanted text of at least 3 characters" }]);
  });
});

describe("a rule over several inputs", () => {
  const seen: unknown[] = [];
  const check = (given: Properties) =>
    checkInputs(probe, given, {
      rules: [
        ({ bucket, count, mode }, fail) => {
          seen.push([bucket, count, mode]);
          fail(["servers", 0], mode === "slow" ? "of no use when mode is slow" : undefined);
        },
      ],
    }).failures;

  test("adds its failures to those of single inputs, and meets a wrong input as an unknown one", () => {
    assert.deepEqual(check({ bucket: 7, mode: "slow" }), [
      { path: "bucket", message: "got 7, wanted a string: put it in quotes" },
      { path: "servers[0]", message: "of no use when mode is slow" },
    ]);
    assert.deepEqual(seen.at(-1), [UNKNOWN, 1, "slow"]);
  });
  test("meets an absent input as absent, whatever else is wrong", () => {
    check({ bucket: 7 });
    assert.deepEqual(seen.at(-1), [UNKNOWN, 1, undefined]);
  });
  test("sees defaults", () => {
    assert.deepEqual(check({ bucket: "abc" }), []);
    assert.deepEqual(seen.at(-1), ["abc", 1, undefined]);
  });
});

test("inputDiff does what the schema says of each input", () => {
  const old = { bucket: "abc", count: 1, file: "a", password: "aaaa", servers: [{ host: "a", port: 80 }] };
  const now = { bucket: "abd", count: 2, file: "b", password: "bbbb", servers: [{ host: "b", port: 80 }] };
  assert.deepEqual(Object.fromEntries(inputDiff(probe, old, now)), { bucket: "replace", count: "update", "servers[0].host": "update" });
});
