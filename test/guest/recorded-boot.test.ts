import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readBoot } from "../../sdk/guest/recorded-boot.ts";

const LINES = [
  "linuxkit n0nce 1.20 kernel 6.1.0 b00t",
  "linuxkit n0nce 1.50 init",
  "linuxkit n0nce 1.70 modules ",
  "linuxkit n0nce 1.90 mounts",
  "linuxkit n0nce 2.00 onboot dhcp start",
  "linuxkit n0nce 2.50 onboot dhcp ok",
  "linuxkit n0nce 2.60 service web waiting db",
  "linuxkit n0nce 2.70 service web started",
  "linuxkit n0nce 3.00 service web unhealthy connection refused",
  "linuxkit n0nce 3.40 service web healthy",
  "linuxkit n0nce 3.40 healthy",
];
const SPANS = [
  ["kernel", 0, 1.2],
  ["init", 1.2, 1.5],
  ["modules", 1.5, 1.7],
  ["mounts", 1.7, 1.9],
  ["onboot dhcp", 2, 2.5],
  ["service web", 2.7, 3.4],
];
const spansOf = (text: string) => readBoot(text)?.spans.map(({ name, start, end }) => [name, start, end]);
const events = LINES.map((line, index) => {
  const [, , seconds, stage, name, state, ...words] = line.split(" ");
  return JSON.stringify({ number: index, seconds: Number(seconds), stage, name, state, message: words.join(" ") });
});

describe("a recorded boot", () => {
  for (const [name, text] of [
    ["what `logs` prints", LINES.join("\n")],
    ["a raw console, with other lines between", LINES.map((line) => `[    0.1] kernel: \u001e${line}\r\nnoise\r\n`).join("")],
    ["what `events --json` prints", events.join("\n")],
    ["a record that goes on", [...LINES, "linuxkit n0nce 9.00 service web restart exit status 1"].join("\n")],
    ["a record of two boots", [...LINES, ...LINES.map((line) => line.replace("n0nce", "other"))].join("\n")],
    ["a container that forges reports", LINES.flatMap((line) => ["linuxkit x 0.10 service web healthy", line]).join("\n")],
    ["a container that begins a boot of its own", LINES.flatMap((line) => [line, "linuxkit x 0.10 kernel 6.1 b00t"]).join("\n")],
  ] as const) {
    test(name, () => {
      assert.deepEqual(spansOf(text), SPANS);
      assert.equal(readBoot(text)?.healthy, 3.4);
    });
  }

  test("a task that fails ends the boot, with the reason", () => {
    const text = [
      ...LINES.slice(0, 5),
      "linuxkit n0nce 2.10 onboot dhcp failed exit status 1",
      "linuxkit n0nce 2.11 failed onboot dhcp",
    ].join("\n");
    const boot = readBoot(text);
    assert.equal(boot?.healthy, undefined);
    assert.deepEqual(boot?.spans.slice(4), [
      { name: "onboot dhcp", start: 2, end: 2.1, failure: "exit status 1" },
      { name: "failed", start: 2.11, end: 2.11, failure: "onboot dhcp" },
    ]);
  });

  test("a service without a health check is up once it has started", () => {
    const text = [...LINES.slice(0, 8), "linuxkit n0nce 2.80 service log started", ...LINES.slice(8)].join("\n");
    assert.deepEqual(readBoot(text)?.spans.at(-1), { name: "service log", start: 2.8, end: 2.8 });
  });

  test("a record that is cut leaves the end open", () => {
    const boot = readBoot(LINES.slice(0, 8).join("\n"));
    assert.deepEqual(boot?.spans.at(-1), { name: "service web", start: 2.7, end: undefined });
    assert.equal(boot?.healthy, undefined);
  });

  for (const text of ["", "hello\n", "{}\n", '{"seconds":"1","stage":"kernel"}', "linuxkit n0nce 1.20 init\n"]) {
    test(`is not in ${JSON.stringify(text)}`, () => assert.equal(readBoot(text), undefined));
  }
});
