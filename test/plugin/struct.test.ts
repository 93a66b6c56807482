import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadProtos } from "../../sdk/plugin/protos.ts";
import { secrecyOf } from "../../sdk/plugin/secrecy.ts";
import { decode, encode } from "../../sdk/plugin/struct.ts";
import { hasUnknown, type Properties, secret, UNKNOWN } from "../../sdk/plugin/value.ts";

const protos = loadProtos();
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Over the wire and back, as bytes: what a process sends is what another gets. */
function overTheWire(properties: Properties) {
  const bytes = encode(protos, properties).serializeBinary();
  return decode(protos.struct.Struct.deserializeBinary(bytes));
}

describe("properties on the wire", () => {
  const plain = {
    text: "é\n",
    no: false,
    zero: 0,
    half: 0.5,
    nothing: null,
    list: [1, [], {}],
    tree: { "a.b": { c: ["x"] } },
    __proto__x: "y",
  };
  test("JSON comes back as it was", () => assert.deepEqual(overTheWire(plain).properties, plain));

  test("undefined members are left out", () => assert.deepEqual(overTheWire({ a: undefined, b: { c: undefined } }).properties, { b: {} }));

  test("a member named __proto__ pollutes nothing", () => {
    const { properties } = overTheWire(JSON.parse('{"a":{"__proto__":{"polluted":true}}}'));
    assert.equal((properties.a as { polluted?: boolean }).polluted, undefined);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  test("unknown leaves stay unknown, and are found", () => {
    const { properties } = overTheWire({ a: [UNKNOWN, { b: UNKNOWN }], c: 1 });
    assert.deepEqual(properties, { a: [UNKNOWN, { b: UNKNOWN }], c: 1 });
    assert.ok(hasUnknown(properties));
    assert.ok(!hasUnknown({ c: 1, d: ["x", null] }));
  });

  test("secrets are opened, and their places kept", () => {
    const { properties, secretPaths } = overTheWire({ a: { key: secret("hunter22") }, list: ["x", secret({ b: 1 })] });
    assert.deepEqual(properties, { a: { key: "hunter22" }, list: ["x", { b: 1 }] });
    assert.deepEqual([...secretPaths].sort(), ["a.key", "list[1]"]);
  });

  test("an output value without a value is unknown; with secret it is a secret", () => {
    const output = (rest: object) => ({ [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", ...rest });
    const { properties, secretPaths } = overTheWire({ a: output({}), b: output({ value: "x", secret: true, dependencies: [] }) });
    assert.deepEqual(properties, { a: UNKNOWN, b: "x" });
    assert.deepEqual([...secretPaths], ["b"]);
  });

  test("no struct is no properties", () => assert.deepEqual(decode(undefined).properties, {}));
});

describe("secrecy", () => {
  const secrecy = secrecyOf(
    overTheWire({ userData: secret("open sesame"), tree: { deep: secret({ pin: 1234, word: "swordfish" }) }, open: "hello" }),
  );

  test("is inherited downwards, not sideways", () => {
    assert.ok(secrecy.isSecret("userData"));
    assert.ok(secrecy.isSecret("tree.deep.word"));
    assert.ok(!secrecy.isSecret("tree"));
    assert.ok(!secrecy.isSecret("open"));
  });

  test("is restored by path and, where a value moved, by text", () => {
    const sealed = overTheWire(
      secrecy.seal({ open: "hello", tree: { deep: { pin: 1234, word: "swordfish" } }, env: ["x", "open sesame"], derived: secret("y") }),
    );
    assert.deepEqual([...sealed.secretPaths].sort(), ["derived", "env[1]", "tree.deep"]);
    assert.equal(sealed.properties.open, "hello");
  });

  test("nothing secret reaches a message", () => {
    assert.equal(secrecy.redact("cannot use open sesame or swordfish"), "cannot use [secret] or [secret]");
  });
});
