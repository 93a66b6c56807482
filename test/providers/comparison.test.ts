import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { differences, otherwise, told } from "../support/provider-differences.ts";
import { providerShapes } from "../support/provider-shapes.ts";

const CLOUDS = ["aws", "gcp", "azure"] as const;
const TYPES = ["MachineImage", "Machine", "Fleet", "RolloutGate"].flatMap((name) => [name, `${name}Args`]).concat("MachineVolumeArgs");
const PAGE = readFileSync(new URL("../../docs/clouds.md", import.meta.url), "utf8");

/** Fails with what is true and not told, and with what is told and not true. */
function same(found: ReadonlySet<string>, table: ReadonlySet<string>): void {
  const only = (these: ReadonlySet<string>, those: ReadonlySet<string>) => [...these].filter((difference) => !those.has(difference));
  assert.deepEqual({ untold: only(found, table), untrue: only(table, found) }, { untold: [], untrue: [] });
}

describe("the clouds side by side", () => {
  const shapes = providerShapes([...CLOUDS, "qemu"]);
  const { qemu, ...clouds } = shapes;

  test("are read as a program sees them", () => {
    for (const cloud of CLOUDS) {
      for (const type of TYPES) assert.ok(shapes[cloud].get(type)?.length, `${cloud}: ${type}`);
      for (const member of [
        "count: Input<number>",
        "image?: Image",
        'arch?: Input<"amd64" | "arm64" | "s390x">',
        "timeoutSeconds?: number",
      ])
        assert.ok(shapes[cloud].get("FleetArgs")?.includes(member), `${cloud}: ${member}`);
      assert.deepEqual(
        TYPES.flatMap((type) => shapes[cloud].get(type) ?? []).filter((member) => /\bany\b/.test(member)),
        [],
      );
    }
  });

  test("differ where docs/clouds.md says so and why, and nowhere else", () => {
    same(differences(clouds, TYPES), told(PAGE, CLOUDS));
  });

  for (const cloud of CLOUDS) {
    test(`QEMU means by a name what ${cloud} means by it, but for what docs/clouds.md says`, () => {
      const both = otherwise(differences({ clouds: shapes[cloud], qemu }, TYPES), 2);
      // children are each one's own
      same(new Set([...both].filter((difference) => !/ (transform|nodes)\??: /.test(difference))), told(PAGE, ["clouds", "qemu"]));
    });
  }
});

describe("a difference of providers", () => {
  const a = new Map([
    ["Args", ["size: number", "name?: string"]],
    ["login", []],
  ]);
  const rows: readonly (readonly [string, ReadonlyMap<string, readonly string[]>, readonly string[], readonly string[]])[] = [
    [
      "none",
      new Map([
        ["Args", ["name?: string", "size: number"]],
        ["login", []],
      ]),
      [],
      [],
    ],
    [
      "another type",
      new Map([
        ["Args", ["size: string", "name?: string"]],
        ["login", []],
      ]),
      ["a Args size: number", "b Args size: string"],
      ["a Args size: number", "b Args size: string"],
    ],
    [
      "a member that must be",
      new Map([
        ["Args", ["size: number", "name: string"]],
        ["login", []],
      ]),
      ["a Args name?: string", "b Args name: string"],
      ["a Args name?: string", "b Args name: string"],
    ],
    [
      "a member more",
      new Map([
        ["Args", ["size: number", "name?: string", "zone?: string"]],
        ["login", []],
      ]),
      ["b Args zone?: string"],
      [],
    ],
    [
      "a member less",
      new Map([
        ["Args", ["size: number"]],
        ["login", []],
      ]),
      ["a Args name?: string"],
      [],
    ],
    [
      "another export",
      new Map([
        ["Args", ["size: number", "name?: string"]],
        ["logIn", []],
      ]),
      ["a the module login", "b the module logIn"],
      [],
    ],
  ];
  for (const [what, b, found, other] of rows) {
    test(what, () => {
      const got = differences({ a, b }, ["Args"]);
      assert.deepEqual([[...got], [...otherwise(got, 2)]], [found, other]);
    });
  }

  test("is told by rows that are whole", () => {
    const table = (...rows: string[]) =>
      ["# Page", "| what | of | a | b | why |", "|---|---|---|---|---|", ...rows, "", "| not | `of` | `it` | | x |"].join("\n");
    assert.deepEqual(
      [
        ...told(table("| size | `Args`, `More` | `size: 1 \\| 2` | | so |", "| log in | the module | `login` | `logIn` | so |"), [
          "a",
          "b",
        ]),
      ],
      ["a Args size: 1 | 2", "a More size: 1 | 2", "a the module login", "b the module logIn"],
    );
    assert.throws(() => told(table("| size | `Args` | `size: 1` | | |"), ["a", "b"]), /no whole row/);
    assert.throws(() => told(table("| size | `Args` | `size: 1` | so |"), ["a", "b"]), /no whole row/);
    assert.throws(() => told("# Page", ["a", "b"]), /no table of a, b/);
  });
});
