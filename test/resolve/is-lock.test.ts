import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isLock } from "../../sdk/resolve/is-lock.ts";

const deb = { name: "nginx", version: "1.22" };
const lock = (more: object): unknown => ({ version: 1, arch: "amd64", debian: {}, images: {}, ...more });

describe("a lock from outside has what its readers need", () => {
  for (const [name, value, want] of [
    ["an empty lock", lock({}), true],
    ["packages and images", lock({ debian: { a: { packages: [deb, { ...deb, source: deb }] } }, images: { "a:1": "sha256:00" } }), true],
    ["no value", null, false],
    ["a list", [], false],
    ["another version", lock({ version: 2 }), false],
    ["no architecture", lock({ arch: undefined }), false],
    ["no packages", lock({ debian: null }), false],
    ["an image without a list of packages", lock({ debian: { a: { packages: 5 } } }), false],
    ["an image that is a number", lock({ debian: { a: 5 } }), false],
    ["a package without a version", lock({ debian: { a: { packages: [{ name: "nginx" }] } } }), false],
    ["a package whose name is a number", lock({ debian: { a: { packages: [{ ...deb, name: 5 }] } } }), false],
    ["a source without a name", lock({ debian: { a: { packages: [{ ...deb, source: {} }] } } }), false],
    ["a digest that is an object", lock({ images: { "a:1": {} } }), false],
    ["a digest of a layout that is a number", lock({ layouts: { "a:1": 1 } }), false],
  ] as const) {
    test(name, () => assert.equal(isLock(value), want));
  }
});
