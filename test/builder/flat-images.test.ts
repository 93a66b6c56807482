import assert from "node:assert/strict";
import { test } from "node:test";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { FlatImages } from "../../sdk/builder/flat-images.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { type FlatImage, flattenImage } from "../../sdk/oci/flatten/flatten.ts";
import { layerOf, tarOf } from "../support/test-image.ts";

/** Images by name; `made` and `closed` list what happened to them. */
function images(size?: number) {
  const made: string[] = [];
  const closed: string[] = [];
  const flat = new FlatImages();
  const make = (name: string) => async (): Promise<FlatImage> => {
    made.push(name);
    const image = await flattenImage([layerOf(await tarOf([fileEntry("a", `${name} a`), fileEntry("b", `${name} b`.repeat(200_000))]))]);
    return {
      size: size ?? image.size,
      entries: (signal) => image.entries(signal),
      async [Symbol.asyncDispose]() {
        closed.push(name);
        await image[Symbol.asyncDispose]();
      },
    };
  };
  const read = async (name: string): Promise<string> => {
    let text = "";
    for await (const { path, body } of flat.entries(digestOf(name), make(name))) text += `${path} ${(await collect(body)).length} `;
    return text;
  };
  return { flat, made, closed, make, read };
}

test("an image is flattened once, and several readers at a time see the same", async () => {
  const { flat, made, closed, read } = images();
  const texts = await Promise.all([read("x"), read("x"), read("y"), read("x")]);
  assert.deepEqual(new Set(texts).size, 1);
  assert.equal(texts[0], "a 3 b 600000 ");
  await read("x");
  assert.deepEqual(made.sort(), ["x", "y"]);
  assert.deepEqual(closed, []);
  await flat[Symbol.asyncDispose]();
  assert.deepEqual(closed.sort(), ["x", "y"]);
});

test("bodies of readers that take turns do not mix", async () => {
  const { flat, make } = images();
  await using _ = flat;
  const open = () => flat.entries(digestOf("x"), make("x"));
  const [one, two] = [open(), open()];
  for (;;) {
    const [first, second] = [await one.next(), await two.next()];
    if (first.done || second.done) break;
    const chunks: string[] = [];
    const bodies = [first.value, second.value].map(({ body }) => (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]());
    for (;;) {
      const [left, right] = [await bodies[0]?.next(), await bodies[1]?.next()];
      if (left?.done || right?.done) break;
      const [one, other] = [left?.value ?? "", right?.value ?? ""].map((chunk) => Buffer.from(chunk).toString());
      assert.equal(one, other);
      chunks.push(one as string);
    }
    assert.ok(chunks.join("").startsWith(`x ${first.value.path}`));
  }
});

test("above 2 GiB the image that was used least recently is given up, but none that is being read", async () => {
  const { flat, made, closed, make, read } = images(2 ** 30);
  const reading = flat.entries(digestOf("busy"), make("busy"));
  await reading.next();
  for (const name of ["x", "y", "x", "z"]) await read(name);
  assert.deepEqual(closed, ["y"]);
  await read("y");
  assert.deepEqual(closed, ["y", "x"]);
  assert.deepEqual(made, ["busy", "x", "y", "z", "y"]);
  for await (const { body } of reading) await collect(body);
  await flat[Symbol.asyncDispose]();
  assert.deepEqual(closed.sort(), ["busy", "x", "y", "y", "z"]);
});

test("an image that cannot be flattened is tried again by the next reader", async () => {
  const { flat, read } = images();
  await using _ = flat;
  const failing = flat.entries(digestOf("x"), () => Promise.reject(new Error("cut")));
  await assert.rejects(async () => {
    for await (const _ of failing);
  }, /cut/);
  assert.equal(await read("x"), "a 3 b 600000 ");
});
