import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isLinuxKitError, type LinuxKitError, throwIfCancelled } from "../../sdk/core/errors.ts";

const source = readFileSync(new URL("../../sdk/core/errors.ts", import.meta.url), "utf8");
const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

test("docs/errors.md explains every code, and no code that does not exist", () => {
  const codes = [...source.matchAll(/^ {2}([A-Z_]+): \{/gm)].map((match) => match[1]);
  const explained = [...page.matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)].flatMap((match) =>
    [...(match[1] as string).matchAll(/`(\w+)`/g)].map((code) => code[1]),
  );
  assert.ok(codes.length > 10);
  assert.deepEqual(explained.sort(), codes.sort());
});

test("another installed copy's errors are recognised by their brand", () => {
  const foreign = Object.assign(new Error("x"), { [Symbol.for("pulumi-linuxkit.error")]: true, code: "TIMEOUT" });
  assert.ok(isLinuxKitError(foreign, "TIMEOUT"));
  assert.ok(!isLinuxKitError(foreign, "NETWORK"));
  assert.ok(!isLinuxKitError(Object.assign(new Error("x"), { code: "TIMEOUT" })));
});

test("an aborted signal is CANCELLED, with the reason as its cause", () => {
  const abort = new AbortController();
  throwIfCancelled(abort.signal, "building");
  abort.abort("enough");
  assert.throws(
    () => throwIfCancelled(abort.signal, "building"),
    (error) => isLinuxKitError(error, "CANCELLED") && (error as LinuxKitError).cause === "enough",
  );
});
