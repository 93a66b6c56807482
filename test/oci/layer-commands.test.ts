import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { layerCommands } from "../../sdk/oci/layer-commands.ts";

describe("the command that made each layer", () => {
  for (const [name, config, want] of [
    [
      "entries without a layer are left out",
      { history: [{ created_by: "ADD a" }, { created_by: "ENV b", empty_layer: true }, { created_by: "RUN c" }] },
      ["ADD a", "RUN c"],
    ],
    ["an entry without a command", { history: [{ comment: "x" }] }, [undefined]],
    ["no history", {}, []],
    ["a history of null", { history: null }, []],
  ] as const) {
    test(name, () => assert.deepEqual(layerCommands(Buffer.from(JSON.stringify(config)), "config"), want));
  }

  test("a history that is none is refused", () =>
    assert.throws(() => layerCommands(Buffer.from('{"history": "RUN"}'), "config"), { code: "CORRUPT" }));
});
