import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeStage, parseConsoleLine } from "../../sdk/guest/console.ts";

const NONCE = "k3Y-_9";
const line = (words: string, nonce = NONCE) => `\u001elinuxkit ${nonce} ${words}`;

describe("parseConsoleLine", () => {
  const good: readonly [string, object][] = [
    [
      line("1.25 kernel 6.1.0-56-cloud-amd64 6f2c9f4e"),
      { stage: "kernel", release: "6.1.0-56-cloud-amd64", bootId: "6f2c9f4e", seconds: 1.25 },
    ],
    [line("1.30 init"), { stage: "init", seconds: 1.3 }],
    [line("1.50 modules"), { stage: "modules", message: "", seconds: 1.5 }],
    [line("1.50 modules hv_utils.ko ena.ko"), { stage: "modules", message: "hv_utils.ko ena.ko", seconds: 1.5 }],
    [line("1.55 mounts\r"), { stage: "mounts", seconds: 1.55 }],
    [line("2.00 onboot dhcp start"), { stage: "onboot", name: "dhcp", state: "start", message: "", seconds: 2 }],
    [
      line("2.10 onboot dhcp failed exit status 1: no lease"),
      { stage: "onboot", name: "dhcp", state: "failed", message: "exit status 1: no lease", seconds: 2.1 },
    ],
    [
      line("2.10 onshutdown flush optional exit status 1"),
      { stage: "onshutdown", name: "flush", state: "optional", message: "exit status 1", seconds: 2.1 },
    ],
    [
      line("3.00 service web restart 2 in 4 s: exit status 7"),
      { stage: "service", name: "web", state: "restart", message: "2 in 4 s: exit status 7", seconds: 3 },
    ],
    [line("3.10 healthy"), { stage: "healthy", seconds: 3.1 }],
    [line("3.10 failed onboot dhcp: exit status 1"), { stage: "failed", message: "onboot dhcp: exit status 1", seconds: 3.1 }],
    [line("9.00 shutdown poweroff"), { stage: "shutdown", message: "poweroff", seconds: 9 }],
    [line("9.90 off"), { stage: "off", seconds: 9.9 }],
    [`[    3.1] random: crng init done ${line("3.10 healthy")}`, { stage: "healthy", seconds: 3.1 }],
  ];
  for (const [text, want] of good) test(JSON.stringify(text), () => assert.deepEqual(parseConsoleLine(text, NONCE), want));

  const bad: readonly [string, string][] = [
    ["a kernel's message", "[    1.118670] reboot: Power down"],
    ["another boot's word", line("3.10 healthy", "other")],
    ["no word", line("3.10 healthy", "")],
    ["a word that only begins alike", line("3.10 healthy", `${NONCE}x`)],
    ["no mark", `linuxkit ${NONCE} 3.10 healthy`],
    ["a stage that does not exist", line("3.10 perfect")],
    ["a state that does not exist", line("3.10 service web splendid")],
    ["a task's state on a service", line("3.10 service web ok")],
    ["no time", line("healthy")],
    ["a time that is not a number", line("soon healthy")],
    ["more than the stage has", line("3.10 healthy web")],
    ["a kernel without a boot id", line("1.00 kernel 6.1.0")],
    ["a service without a name", line("3.10 service")],
    ["half a line", `\u001elinuxkit ${NONCE}`],
    ["nothing", ""],
  ];
  for (const [what, text] of bad) test(what, () => assert.equal(parseConsoleLine(text, NONCE), undefined));

  test("an empty nonce accepts no line", () => assert.equal(parseConsoleLine(line("3.10 healthy", ""), ""), undefined));
});

test("formats a stage as text", () => {
  const words = (text: string) => describeStage(parseConsoleLine(line(text), NONCE) ?? assert.fail(text));
  assert.equal(words("2.10 onboot dhcp failed exit status 1: no lease"), "onboot dhcp failed: exit status 1: no lease");
  assert.equal(words("2.10 service web healthy"), "service web healthy");
  assert.equal(words("2.10 kernel 6.1.0 abc"), "kernel 6.1.0");
  assert.equal(words("2.10 off"), "off");
});
