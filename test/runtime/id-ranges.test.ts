import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { idRanges } from "../../sdk/runtime/id-ranges.ts";

const NAMES = Array.from({ length: 1000 }, (_, index) => `services/s${index}`);
const alone = (name: string): number | undefined => idRanges([name]).get(name);

describe("the user id ranges of containers", () => {
  test("of a thousand containers start at distinct multiples of 65536, above the machine's own and below 2^31", () => {
    const bases = [...idRanges(NAMES).values()];
    assert.equal(new Set(bases).size, NAMES.length);
    for (const base of bases) assert.ok(base % 65536 === 0 && base >= 2 * 65536 && base < 2 ** 31, String(base));
  });

  test("depend on the name alone, except for the later of two that collide", () => {
    const together = idRanges(NAMES);
    const own = new Map(NAMES.map((name) => [name, alone(name)]));
    const colliding = NAMES.filter((name) => [...own.values()].filter((base) => base === own.get(name)).length > 1);
    const moved = NAMES.filter((name) => together.get(name) !== own.get(name));
    // a thousand names include some that collide
    assert.ok(colliding.length >= 2 && moved.length >= 1 && moved.every((name) => colliding.includes(name)), `${colliding}; ${moved}`);
    assert.ok(moved.length <= colliding.length / 2, `${moved}`);
  });

  test("do not depend on the order", () =>
    assert.deepEqual(new Map([...idRanges(NAMES)].sort()), new Map([...idRanges([...NAMES].reverse())].sort())));

  test("never change, because disks may have files with these ids", () => {
    assert.deepEqual([alone("services/web"), alone("onboot/dhcp")], [15_335_424, 412_876_800]);
  });
});
