import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { printable } from "../../sdk/core/printable.ts";
import { shown } from "../../sdk/core/shown.ts";
import { secretTexts } from "../../sdk/plugin/secret-texts.ts";

const LONG = 'sword"fish\nsecond line \u00fc\u20ac\u{1f600} \\end+%20';
const TOKEN = `eyJhbGciOiJIUzI1NiJ9.${"eyJzdWIiOiIxMjM0".repeat(6)}.c3dvcmRmaXNo`;
const KEY = `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw+/Zz\n".repeat(3)}-----END PRIVATE KEY-----\n`;

function known(...texts: string[]) {
  const secrets = secretTexts();
  for (const text of texts) secrets.add(text);
  return secrets;
}

describe("secrets in texts", () => {
  const form = new URLSearchParams({ q: LONG }).toString().slice("q=".length);
  const rows: readonly [name: string, text: string, shown: string][] = [
    ["as it is", `it is ${LONG}.`, "it is [secret]."],
    ["in JSON", JSON.stringify({ a: LONG }), '{"a":"[secret]"}'],
    ["in JSON in JSON", JSON.stringify(JSON.stringify(LONG)), '"\\"[secret]\\""'],
    ["as Node inspects it", inspect([LONG]), "[ '[secret]' ]"],
    ["with control characters written out", printable(LONG), "[secret]"],
    ["in a URL", `https://host/?q=${encodeURIComponent(LONG)}&r=1`, "https://host/?q=[secret]&r=1"],
    ["in a form", `q=${form}&r=1`, "q=[secret]&r=1"],
    ["in capitals", `got ${LONG.toUpperCase()}`, "got [secret]"],
    ["a part of it", "the part fish\\nsecond here", "the part [secret]here"],
    ["cut", `got ${shown(`${TOKEN} and more`)}, wanted less`, 'got "[secret]…, wanted less'],
    ["its beginning, cut", "got quiet eyJhb…, wanted less", "got quiet [secret]…, wanted less"],
    ["quoted in part", 'unknown word "MIIEv"', 'unknown word "[secret]"'],
    ["a line of it", `unknown ${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw+/Zz"}`, "unknown [secret]"],
    ["a short assigned value", "sh: abc12: not found", "sh: [secret]: not found"],
    ["a short one, quoted", 'got "xy", wanted another', 'got "[secret]", wanted another'],
    ["a short one in other words", "xylophones", "xylophones"],
    ["the login of a URL", "GET http://me:p%40ss@host/x", "GET [secret]host/x"],
    ["the login of a URL, decoded", "login p@ss", "login [secret]"],
    ["nothing of it", "wanted a key as PEM: -----BEGIN PRIVATE KEY-----", "wanted a key as PEM: -----BEGIN PRIVATE KEY-----"],
  ];
  const secrets = known(LONG, TOKEN, KEY, "PIN=abc12", "xy", "http://me:p%40ss@mirror");
  for (const [name, text, wanted] of rows) test(name, () => assert.equal(secrets.hide(text), wanted));

  test("in base64 of either alphabet and at any place, and in hexadecimal digits", () => {
    for (const before of ["", "a", "ab", "abc", "abcd"]) {
      for (const encoding of ["base64", "base64url", "hex"] as const) {
        const text = Buffer.from(`${before}${LONG}${before}`).toString(encoding);
        const hidden = secrets.hide(`got ${text}.`);
        assert.match(hidden, /^got \S{0,8}\[secret\]\S{0,8}\.$/, `${encoding} behind ${before}: ${hidden}`);
      }
    }
    const inLines = Buffer.from(LONG.repeat(4)).toString("base64").replace(/.{64}/g, "$&\n");
    assert.match(secrets.hide(inLines), /^\[secret\].{0,8}$/);
  });

  test("a secret that is not there changes nothing", () => {
    const text = `${JSON.stringify({ path: "/a/b", sha256: "ab".repeat(32) })} 100 % of a+b`;
    assert.equal(secrets.hide(text), text);
    assert.ok(!secrets.isIn(text));
    assert.equal(known().hide(text), text);
  });

  test("an output holds it as a whole, in part, or encoded", () => {
    for (const text of [LONG, `quiet ${LONG} more`, TOKEN.slice(5, 13), Buffer.from(LONG).toString("base64")])
      assert.ok(secrets.isIn(text), text);
    for (const text of ["xy", "xylophones", TOKEN.slice(5, 12)]) assert.ok(!secrets.isIn(text), text);
  });
});
