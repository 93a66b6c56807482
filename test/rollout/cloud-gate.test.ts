import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import type { Work } from "../../sdk/plugin/resource-type.ts";
import { input, resourceInputs } from "../../sdk/plugin/input.ts";
import { UNKNOWN } from "../../sdk/plugin/value.ts";
import { cloudGateType } from "../../sdk/rollout/cloud-gate.ts";
import type { RolloutPhase } from "../../sdk/rollout/rollout.ts";

const inputs = resourceInputs(
  "Waits for trees.",
  {
    kind: input("The backend.", z.literal("wood"), { onChange: "replace" }),
    fleet: input("The fleet's name.", z.string()),
    group: input("The group's name.", z.string(), { onChange: "replace" }),
    image: input("What all machines must run.", z.string(), { onChange: "update" }),
    key: input("A credential.", z.string().optional()),
  },
  { onChange: "ignore" },
);

const subject = { urn: "urn:pulumi:dev::shop::linuxkit:index:RolloutGate::web", name: "web" };
const work: Work = { ...subject, signal: new AbortController().signal, timeoutSeconds: 10, progress: () => {}, config: {} };
const given = { kind: "wood", fleet: "web", group: "trees", image: "oak" } as const;

/** A gate whose driver reports one phase, and what that driver was given. */
function gateOf(phase: RolloutPhase | undefined, drift?: readonly string[]) {
  const seen: unknown[] = [];
  const gate = cloudGateType({
    kind: "wood",
    inputs,
    group: "group",
    paceSeconds: 0,
    driver: ({ image }, previous) => {
      seen.push([image, previous?.image]);
      if (phase === undefined) return undefined;
      return {
        start: async () => "roll-1",
        describe: async () => ({ phase, updated: 1, total: 1, reason: "rot" }),
        rollBack: async () => {},
        console: () => ["last line"],
        drift: async () => drift,
        [Symbol.dispose]: () => void seen.push("closed"),
      };
    },
  });
  return { gate, seen };
}

describe("the gate of a cloud", () => {
  const rows = [
    { what: "the group", now: { group: "shrubs" }, changed: [["group", "replace"]] },
    { what: "the image", now: { image: "elm" }, changed: [["image", "update"]] },
    { what: "a credential", now: { key: "k" }, changed: [] },
    { what: "the fleet's name", now: { fleet: "other" }, changed: [] },
  ];
  for (const { what, now, changed } of rows) {
    test(`a change of ${what} causes ${changed[0]?.[1] ?? "nothing"}`, async () => {
      const { gate } = gateOf("done");
      const difference = await gate.diff?.({
        ...subject,
        id: "wood:trees",
        inputs: { ...given, ...now },
        oldInputs: given,
        oldOutputs: { ...given, rollout: "", drift: [] },
      });
      assert.deepEqual([...(difference?.changed ?? [])], changed);
    });
  }

  test("checks by its schema, and knows no rollout before it runs", async () => {
    const { gate } = gateOf("done");
    const checked = await gate.check?.({ ...subject, inputs: { ...given, imag: 1 }, isSecret: () => false });
    assert.deepEqual(
      checked?.failures?.map(({ path }) => path),
      ["imag"],
    );
    assert.deepEqual(gate.preview?.({ ...subject, inputs: given }), { ...given, rollout: UNKNOWN, drift: [] });
  });

  test("create rolls a new fleet, update knows the previous inputs, and both close the driver", async () => {
    const { gate, seen } = gateOf("done");
    assert.deepEqual(await gate.create({ ...work, inputs: given }), {
      id: "wood:trees",
      outputs: { ...given, rollout: "roll-1", drift: [] },
    });
    const next = { ...given, image: "elm" };
    await gate.update?.({ ...work, id: "wood:trees", inputs: next, oldInputs: given, oldOutputs: { ...given, rollout: "", drift: [] } });
    assert.deepEqual(seen, [["oak", undefined], "closed", ["elm", "oak"], "closed"]);
  });

  test("a fleet that does not exist yet is not waited for", async () => {
    const { gate } = gateOf(undefined);
    assert.deepEqual((await gate.create({ ...work, inputs: given })).outputs, { ...given, rollout: "", drift: [] });
  });

  test("a failed rollout rejects with the console of the machine that failed, and closes the driver", async () => {
    const { gate, seen } = gateOf("stuck");
    await assert.rejects(gate.create({ ...work, inputs: given }), { code: "ROLLOUT_FAILED", message: /rot.*\nlast line$/ });
    assert.equal(seen.at(-1), "closed");
  });

  describe("a refresh", () => {
    const outputs = { ...given, rollout: "roll-1", drift: [] };
    const lines = Array.from({ length: 25 }, (_, index) => `tree-${index} runs elm instead of oak`);
    const shown: string[] = [];
    const progress: Work["progress"] = ({ message, lasting }) => void (lasting && shown.push(message));
    const read = (gate: ReturnType<typeof gateOf>["gate"]) => gate.read?.({ ...work, progress, id: "wood:trees", inputs: given, outputs });
    const rows = [
      { what: "a fleet as it should be", drift: [], found: [] },
      { what: "one machine of another image", drift: lines.slice(0, 1), found: lines.slice(0, 1) },
      { what: "many", drift: lines, found: [...lines.slice(0, 20), "and 5 more"] },
    ];
    for (const { what, drift, found } of rows) {
      test(`tells of ${what}, and the next update ${drift.length > 0 ? "rolls" : "does nothing"}`, async () => {
        const { gate, seen } = gateOf("done", drift);
        const now = await read(gate);
        assert.deepEqual(now, { id: "wood:trees", outputs: { ...outputs, drift: found } });
        assert.deepEqual(shown.splice(0), found);
        const difference = gate.diff?.({
          ...subject,
          id: "wood:trees",
          inputs: given,
          oldInputs: given,
          oldOutputs: now?.outputs ?? outputs,
        });
        assert.deepEqual([...((await difference)?.drifted ?? [])], drift.length > 0 ? [["drift", "update"]] : []);
        assert.deepEqual(seen, [["oak", "oak"], "closed"]);
      });
    }

    test("of a fleet that is gone drops the gate", async () => {
      assert.equal(await read(gateOf(undefined).gate), undefined);
      assert.equal(await read(gateOf("done", undefined).gate), undefined);
    });

    test("of a state that an earlier version wrote finds nothing to do", async () => {
      const { drift, ...before } = outputs;
      const oldOutputs = before as typeof outputs;
      const { gate } = gateOf("done");
      const difference = await gate.diff?.({ ...subject, id: "wood:trees", inputs: given, oldInputs: given, oldOutputs });
      assert.equal(difference?.drifted, undefined);
    });
  });
});
