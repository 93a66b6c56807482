import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { z } from "zod";
import { digestOf } from "../../sdk/core/digest.ts";
import { digest, text } from "../../sdk/plugin/fields.ts";
import { input, resourceInputs } from "../../sdk/plugin/input.ts";
import type { Work } from "../../sdk/plugin/resource-type.ts";
import { UNKNOWN } from "../../sdk/plugin/value.ts";
import { uploadType } from "../../sdk/upload/plugin/upload-type.ts";
import { scratch } from "../support/judge.ts";

const inputs = resourceInputs(
  "An image in a barn.",
  {
    file: input("Path of the image.", text, { onChange: "ignore" }),
    digest: input("sha256 of the file.", digest),
    barn: input("Where it goes.", text.optional()),
    tags: input("Tags.", z.record(text, z.string()).default({}), { onChange: "update" }),
    key: input("A credential.", text.optional(), { onChange: "ignore" }),
  },
  { onChange: "replace" },
);
const outputs = inputs.extend({ barn: input("Where it is.", text), stall: input("Its stall.", text) });
type Inputs = z.infer<typeof inputs>;
type Outputs = z.infer<typeof outputs>;

const urn = "urn:pulumi:dev::shop::linuxkit:index:BarnUpload::web";
const work: Work = { urn, name: "web", signal: new AbortController().signal, timeoutSeconds: 10, progress: () => {}, config: {} };
const given = { file: "/f", digest: digestOf("one"), tags: {}, key: "old" };

/** An upload type whose cloud records what is asked of it, and with which key and barn. */
function barn(cacheDir: string) {
  const met: unknown[] = [];
  const type = uploadType<Inputs, Outputs, Disposable & { who: string }>(
    {
      token: "linuxkit:index:BarnUpload",
      what: "bale",
      inputs,
      outputs,
      access: ["key"],
      place: ({ barn }) => ({ barn }),
      reaches: (latest, { barn }) => (latest.barn ?? barn) === barn,
      connect: async ({ key, barn }) => {
        const who = `${key} in ${barn}`;
        return { who, [Symbol.dispose]: () => void met.push("closed") };
      },
      key: ({ digest }) => [digest],
      upload: async ({ who }, { inputs, previous, size, journaled }) =>
        journaled(async (journal) => {
          met.push(["upload", who, previous?.id, previous?.inputs.digest, size]);
          await journal.remove();
          return { id: "bale-1", outputs: { ...inputs, barn: "north", stall: "4" } };
        }),
      exists: async (_, id) => id === "bale-1",
      change: async ({ who }, { tags }, old) => void met.push(["change", who, tags, old.tags]),
      remove: async ({ who }, { stall }) => void met.push(["remove", who, stall]),
    },
    cacheDir,
  );
  return { type, met };
}

describe("an upload", () => {
  const rows = [
    { what: "the image", now: { digest: digestOf("two") }, changed: [["digest", "replace"]] },
    { what: "the file's path alone", now: { file: "/g" }, changed: [] },
    { what: "a credential", now: { key: "new" }, changed: [] },
    { what: "a tag", now: { tags: { a: "b" } }, changed: [["tags.a", "update"]] },
  ];
  for (const { what, now, changed } of rows) {
    test(`a change of ${what} causes ${changed[0]?.[1] ?? "nothing"}`, async () => {
      await using folder = await scratch();
      const { type } = barn(folder.path);
      const oldOutputs = { ...given, barn: "north", stall: "4" };
      const difference = await type.diff?.({ urn, name: "web", id: "bale-0", inputs: { ...given, ...now }, oldInputs: given, oldOutputs });
      assert.deepEqual([...(difference?.changed ?? [])], changed);
    });
  }

  test("knows before it runs what the program says, and on an update what it was", async () => {
    await using folder = await scratch();
    const { type } = barn(folder.path);
    assert.deepEqual(await type.preview?.({ urn, name: "web", inputs: given }), { ...given, barn: UNKNOWN, stall: UNKNOWN });
    const old = { id: "bale-1", inputs: given, outputs: { ...given, barn: "north", stall: "4" } };
    assert.deepEqual(await type.preview?.({ urn, name: "web", inputs: given, old }), { ...given, barn: "north", stall: "4" });
  });

  test("is created from the previous image, changed in place, and deleted with the latest credentials where it is", async () => {
    await using folder = await scratch();
    const { type, met } = barn(folder.path);
    const file = join(folder.path, "image");
    await writeFile(file, "12345");
    const first = { ...given, file };
    const zero = { ...first, digest: digestOf("zero") };
    await type.check?.({ urn, name: "web", inputs: first, oldInputs: zero, isSecret: () => false });
    await type.diff?.({
      urn,
      name: "web",
      id: "bale-0",
      inputs: first,
      oldInputs: zero,
      oldOutputs: { ...zero, barn: "north", stall: "3" },
    });
    const { id, outputs } = await type.create({ ...work, inputs: first });
    assert.deepEqual([id, outputs.barn], ["bale-1", "north"]);
    const tagged = { ...first, tags: { a: "b" } };
    await type.update?.({ ...work, id, inputs: tagged, oldInputs: first, oldOutputs: outputs });
    await type.check?.({ urn, name: "web", inputs: { ...first, key: "new" }, isSecret: () => false });
    await type.delete?.({ ...work, id, inputs: first, outputs });
    // credentials for another place do not reach it
    await type.check?.({ urn, name: "web", inputs: { ...first, key: "newest", barn: "south" }, isSecret: () => false });
    await type.delete?.({ ...work, id, inputs: first, outputs });
    assert.deepEqual(met, [
      ["upload", "old in undefined", "bale-0", digestOf("zero"), 5],
      "closed",
      ["change", "old in north", { a: "b" }, {}],
      "closed",
      ["remove", "new in north", "4"],
      "closed",
      ["remove", "old in north", "4"],
      "closed",
    ]);
  });

  test("is found by its id, and cannot be imported", async () => {
    await using folder = await scratch();
    const { type } = barn(folder.path);
    const outputs = { ...given, barn: "north", stall: "4" };
    assert.deepEqual(await type.read?.({ ...work, id: "bale-1", inputs: given, outputs }), { id: "bale-1", outputs });
    assert.equal(await type.read?.({ ...work, id: "bale-2", inputs: given, outputs }), undefined);
    await assert.rejects(async () => type.read?.({ ...work, id: "bale-1" }), {
      code: "UNSUPPORTED",
      message: /^bale bale-1 cannot be imported/,
    });
  });
});
