import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { PARTS, guestFiles } from "../../sdk/guest/files.ts";
import { stage1Files } from "../../sdk/guest/stage1/files.ts";
import { shell } from "../../sdk/guest/shell.ts";
import { guestShell } from "../support/guest-shell.ts";
import { judge, scratch } from "../support/judge.ts";

describe("scripts", () => {
  const own = [
    ...guestFiles({ healthPort: 8080 }),
    ...stage1Files()
      .filter(({ path }) => path !== "lib/modules-list")
      .map((file) => ({ ...file, path: `stage1/${file.path}` })),
  ];
  const scripts = own.filter(({ path, contents }) => contents.startsWith("#") && path !== "lib/linuxkit/fstab");
  test("include every part", () => assert.deepEqual(scripts.length, Object.keys(PARTS).length + 5));
  for (const { path, contents } of scripts) {
    test(`${path} passes shellcheck`, async () => {
      await using folder = await scratch();
      const file = await folder.file("script", [Buffer.from(contents)]);
      // BusyBox's shell has read -t, $'…', ${x:1:2} and ${x//a/b}; variables cross from file to file; words are split on purpose where
      // unquoted; what stands in single quotes is for another shell
      judge("shellcheck", "-s", "dash", "-e", "SC2034,SC2154,SC1090,SC1091,SC3045,SC3003,SC3057,SC3060,SC2086,SC2027,SC2016", file);
    });
  }
  test("the tag changes only the escaped ${", () => {
    assert.equal(shell`a\n\036 \${x#*'} "\\" ${"put in"}`, 'a\\n\\036 ${x#*\'} "\\\\" put in');
  });
});

describe("limited", async () => {
  const rows: readonly [string, string, string][] = [
    ["a status of 0", "limited 5 true; echo $?", "0\n"],
    ["any other", "limited 5 eval '(exit 7)'; echo $?", "7\n"],
    ["no limit", "limited 0 eval '(exit 3)'; echo $?", "3\n"],
    ["arguments stay apart", "say2() { echo \"$1|$2\"; }; limited 5 say2 'a b' '*'", "a b|*\n"],
    ["a limit", 'limited 0.05 nap 5; echo $? "$([ "$answered" = "$turn" ] || echo unanswered)"; kill_worker', "124 unanswered\n"],
    [
      "a status that looks like a limit",
      'limited 5 eval \'(exit 124)\'; echo $? "$([ "$answered" = "$turn" ] && echo answered)"',
      "124 answered\n",
    ],
    ["an answer to an earlier question", "echo '1 9' >&8; turn=1; limited 5 true; echo $?", "0\n"],
    ["the machine's end", "ending=poweroff; limited 0.05 nap 5; echo $?; kill_worker", "124\n"],
  ];
  for (const [what, script, want] of rows) {
    test(what, async () => {
      await using guest = await guestShell();
      const { stdout, stderr } = await guest.run(["wait"], `open_events test\n${script}`);
      assert.deepEqual({ stdout, stderr }, { stdout: want, stderr: "" });
    });
  }
  test("a killed command leaves no child", async () => {
    await using guest = await guestShell();
    const { stdout } = await guest.run(
      ["wait"],
      `open_events test
      slow() { busybox sleep 1000 & echo $! >child; wait; }
      limited 0.2 slow; kill_worker; read -r child <child
      while [ -d "/proc/$child" ] && read -r _ _ state _ <"/proc/$child/stat" && [ "$state" != Z ]; do nap 0.05; done; echo gone`,
    );
    assert.equal(stdout, "gone\n");
  });
});

test("pauses between starts are 1, 2, 4… 60 s, and 1 s again after a minute of work", async () => {
  await using guest = await guestShell();
  const script = "count=0 delay=1 lasted=0; for lasted in 0 0 0 0 0 0 0 59 60 0 0; do back_off; count=$((count + 1)); echo $delay; done";
  const { stdout } = await guest.run(["supervisor"], script);
  assert.deepEqual(stdout.trim().split("\n").map(Number), [1, 2, 4, 8, 16, 32, 60, 60, 1, 2, 4]);
});

describe("modules", () => {
  const DEVICES =
    "bus=pci pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00 pci:v00008086d000029C0sv0sd0bc06sc00i00 bus=acpi acpi:PNP0C0C: bus=virtio virtio:d00000001v00001AF4";
  const rows: readonly [string, number][] = [
    ["", 0],
    ["pci:v00001AF4d*sv*sd*bc*sc*i*", 0],
    ["pci:v00001D0Fd0000EC20sv*sd*bc*sc*i*", 1],
    ["pci:v00001D0Fd0000EC20sv*sd*bc*sc*i* virtio:d00000001v*", 0],
    ["virtio:d00000002v*", 1],
    ["virtio:d0000000", 1],
    ["acpi*:PNP0C0C:*", 0],
    ["acpi*:VMBUS:*", 1],
    ["fs-squashfs", 1],
  ];
  for (const [patterns, status] of rows) {
    test(`${patterns || "no pattern"}: ${status === 0 ? "wanted" : "left out"}`, async () => {
      await using guest = await guestShell();
      const { stdout } = await guest.run(
        ["modules"],
        `found=' ${DEVICES} '; find_devices() { :; }; wanted ${patterns.replaceAll("*", "\\*")}; echo $?`,
      );
      assert.equal(stdout, `${status}\n`);
    });
  }
});

describe("last_line", () => {
  const rows: readonly [string, string][] = [
    ["one\ntwo\n", "two"],
    ["one\ntwo", "two"],
    ["why\n\n  \n", "why"],
    ["\u001elinuxkit test 1.0 healthy\r\n", "linuxkit test 1.0 healthy"],
    ["caf\u00e9\n", "caf "],
    [`${"x".repeat(5000)}\n`, "x".repeat(300)],
    ["", ""],
  ];
  for (const [content, want] of rows) {
    test(JSON.stringify(content.slice(0, 40)), async () => {
      await using guest = await guestShell();
      await writeFile(join(guest.folder, "text"), content);
      const { stdout } = await guest.run(["console"], "last_line text");
      assert.equal(stdout, want);
    });
  }
  test("uses the first file that is not empty", async () => {
    await using guest = await guestShell();
    await writeFile(join(guest.folder, "b"), "from b\n");
    await writeFile(join(guest.folder, "c"), "from c\n");
    assert.equal((await guest.run(["console"], "last_line a b c")).stdout, "from b");
  });
});

test("a log keeps its newest half MiB", async () => {
  await using guest = await guestShell();
  const text = Array.from({ length: 60_000 }, (_, n) => `line ${n}\n`).join("");
  const script =
    "log_size=262144; open_events test; open_log ./pipe log; busybox cat >&7; until busybox grep -q 'line 59999' log; do nap 0.02; done; end_log";
  await guest.run(["wait", "log"], script, text);
  const [older, newest] = await Promise.all([readFile(join(guest.folder, "log.1"), "utf8"), readFile(join(guest.folder, "log"), "utf8")]);
  assert.equal(older.length, 256 << 10);
  assert.ok(newest.length <= 256 << 10);
  assert.ok(text.endsWith(older + newest));
});

describe("report_healthy", () => {
  const rows: readonly [string, Record<string, string>, boolean][] = [
    ["all ok", { a: "ok", b: "ok" }, true],
    ["one starts", { a: "ok", b: "starting" }, false],
    ["one is down, with ok in its reason", { a: "down, not ok" }, false],
    ["no service", {}, true],
  ];
  for (const [what, states, healthy] of rows) {
    test(what, async () => {
      await using guest = await guestShell();
      await mkdir(join(guest.folder, "services"));
      for (const [name, state] of Object.entries(states)) await writeFile(join(guest.folder, "services", name), `${state}\n`);
      const { stdout } = await guest.run(["console", "health"], "report_healthy; report_healthy; report_healthy & wait");
      assert.equal(stdout.match(/healthy/g)?.length ?? 0, healthy ? 1 : 0);
    });
  }
});
