import assert from "node:assert/strict";
import { test } from "node:test";
import { rolloutGate } from "../../providers/plugin/rollout-gate.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { leafDiff } from "../../sdk/plugin/leaf-diff.ts";
import type { ResourceType, Work } from "../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../sdk/plugin/value.ts";

const subject = { urn: "urn:pulumi:dev::shop::linuxkit:index:RolloutGate::web", name: "web" };
const work: Work = { ...subject, signal: new AbortController().signal, timeoutSeconds: 10, progress: () => {}, config: {} };

function kind(name: string, met: string[]): ResourceType {
  return {
    token: "linuxkit:index:RolloutGate",
    check: ({ inputs }) => ({ inputs: { size: 2, ...inputs } }),
    diff: ({ inputs, oldInputs }) => ({ changed: leafDiff(oldInputs, inputs) }),
    create: async ({ inputs }) => (met.push(`create ${name}`), { id: `${name}:web`, outputs: inputs }),
    read: async ({ id }) => (met.push(`read ${name}`), { id, inputs: { kind: name }, outputs: {} }),
    update: async ({ inputs }) => (met.push(`update ${name}`), { outputs: inputs }),
    delete: async () => void met.push(`delete ${name}`),
  };
}

test("a gate's kind says whose verbs it means", async () => {
  const met: string[] = [];
  const gate = rolloutGate({ oak: async () => kind("oak", met), elm: async () => kind("elm", met) });
  const isSecret = (): boolean => false;
  assert.deepEqual(await gate.check?.({ ...subject, inputs: { kind: "oak" }, isSecret }), { inputs: { kind: "oak", size: 2 } });
  for (const [given, message] of [
    ["fir", 'got "fir", wanted one of oak, elm'],
    [UNKNOWN, "got a value that is not known yet, wanted one of oak, elm"],
    [undefined, "got nothing, wanted one of oak, elm"],
    ["toString", 'got "toString", wanted one of oak, elm'],
  ] as const) {
    const inputs: Properties = given === undefined ? {} : { kind: given };
    assert.deepEqual(await gate.check?.({ ...subject, inputs, isSecret }), { inputs, failures: [{ path: "kind", message }] });
  }
  const [oak, elm] = [
    { kind: "oak", size: 2 },
    { kind: "elm", size: 2 },
  ];
  assert.deepEqual(await gate.diff?.({ ...subject, id: "oak:web", inputs: elm, oldInputs: oak, oldOutputs: {} }), {
    changed: new Map([["kind", "replace"]]),
  });
  assert.deepEqual(await gate.diff?.({ ...subject, id: "oak:web", inputs: { ...oak, size: 3 }, oldInputs: oak, oldOutputs: {} }), {
    changed: new Map([["size", "update"]]),
  });
  assert.equal((await gate.create({ ...work, inputs: oak })).id, "oak:web");
  await gate.update?.({ ...work, id: "elm:web", inputs: elm, oldInputs: elm, oldOutputs: {} });
  // an import names nothing but the id
  assert.deepEqual((await gate.read?.({ ...work, id: "elm:web" }))?.inputs, { kind: "elm" });
  await gate.delete?.({ ...work, id: "oak:web", inputs: oak, outputs: {} });
  assert.deepEqual(met, ["create oak", "update elm", "read elm", "delete oak"]);
  await assert.rejects(
    async () => gate.read?.({ ...work, id: "fir:web" }),
    (error) => isLinuxKitError(error, "INVALID_DEFINITION"),
  );
});
