import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadProtos } from "../../sdk/plugin/protos.ts";
import { z } from "zod";
import { input } from "../../sdk/plugin/input.ts";
import { secrecyOf, withNoted } from "../../sdk/plugin/secrecy.ts";
import { secretTexts } from "../../sdk/plugin/secret-texts.ts";
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
  const secrecy = secrecyOf(secretTexts(), [
    overTheWire({
      userData: secret("open sesame"),
      tree: { deep: secret({ pin: 1234, word: "swordfish" }) },
      open: "hello",
      beside: "say: open sesame!",
    }),
  ]);

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

  test("an output that holds a part of a secret is secret, unless an input has it in clear", () => {
    const outputs = { cmdline: "quiet word=swordfish", list: ["b3BlbiBzZXNhbWU="], beside: "say: open sesame!", open: "hello" };
    assert.deepEqual([...overTheWire(secrecy.sealOutputs(outputs)).secretPaths].sort(), ["cmdline", "list[0]"]);
  });

  test("nothing secret reaches a message", () => {
    assert.equal(secrecy.redact("cannot use open sesame or swordfish"), "cannot use [secret] or [secret]");
    assert.equal(secrecy.redactAt("tree.deep.pin", "got 7, wanted 8"), "got a secret, wanted 8");
    assert.equal(secrecy.redactAt("tree.deep.pin", 'got "1\\"2…, wanted "3" or "4"'), 'got a secret, wanted "3" or "4"');
    assert.equal(
      secrecy.redactAt("tree.deep", 'got "ab", wanted one of "abc", "d": did you mean "abc"?'),
      'got a secret, wanted one of "abc", "d"',
    );
    assert.equal(secrecy.redactAt("open", "got 7, wanted 8"), "got 7, wanted 8");
  });

  test("what a schema notes as secret is secret, whatever the program says", () => {
    const schema = z.strictObject({
      key: input("A key.", z.string(), { secret: true }),
      tree: z.object({ pin: input("", z.string(), { secret: true }) }),
    });
    const { secretPaths } = withNoted(schema, overTheWire({ key: "a", tree: { pin: "b", open: "c" } }));
    assert.deepEqual([...secretPaths].sort(), ["key", "tree.pin"]);
  });
});
