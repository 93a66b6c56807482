import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { formatDependency, parseDependencies, parseProvides, provisionMeets, versionMeets } from "../../sdk/debian/dependency.ts";

describe("relationship fields", () => {
  const rows: readonly (readonly [field: string, parsed: string[]])[] = [
    ["libc6 (>= 2.34), zlib1g", ["libc6 (>= 2.34)", "zlib1g"]],
    ["debconf (>= 0.5) | debconf-2.0", ["debconf (>= 0.5) | debconf-2.0"]],
    ["python3:any (>= 3.9~)", ["python3 (>= 3.9~)"]],
    ["libx [amd64 arm64], liby [s390x], libz [!s390x]", ["libx", "libz"]],
    ["libx [linux-any], liby [any-amd64], libz [!linux-any]", ["libx", "liby"]],
    ["gcc:armhf, libz", ["libz"]],
    ["a(<<1),b ( = 2 )", ["a (<< 1)", "b (= 2)"]],
    ["a (< 1), b (> 2)", ["a (<= 1)", "b (>= 2)"]],
    [" , a,\n b", ["a", "b"]],
    ["", []],
  ];
  for (const [field, parsed] of rows)
    test(JSON.stringify(field), () => assert.deepEqual(parseDependencies(field, "amd64").map(formatDependency), parsed));
  for (const field of ["a b", "a (1.0)", "a (>= )", "Ä"]) {
    test(`${field} is refused`, () =>
      assert.throws(
        () => parseDependencies(field, "amd64"),
        (error) => isLinuxKitError(error, "CORRUPT"),
      ));
  }
});

describe("a dependency is met", () => {
  const [[versioned], [plain]] = parseDependencies("mta (>= 2), mta", "amd64") as unknown as [[never], [never]];
  test("by a matching version", () =>
    assert.deepEqual([versionMeets(versioned, "2.1"), versionMeets(versioned, "1"), versionMeets(plain, "1")], [true, false, true]));
  test("by a provision, but not by one without a version if the dependency has one", () => {
    const [bare, exact, old] = parseProvides("mta, mta (= 2.1), mta (= 1)", "amd64");
    assert.deepEqual(
      [bare, exact, old].map((provision) => provisionMeets(versioned, provision as never)),
      [false, true, false],
    );
    assert.deepEqual(
      [bare, exact, old].map((provision) => provisionMeets(plain, provision as never)),
      [true, true, true],
    );
  });
});
