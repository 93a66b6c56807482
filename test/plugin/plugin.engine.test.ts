import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { makePluginFolder, makeStack, type Stack } from "../support/engine.ts";
import { probeProgram, probeProvider, type ProbeWorld } from "../support/probe.ts";

const world = (): ProbeWorld => ({ asked: [], live: new Map() });
const program = (inputs: string, options?: string) => ({ "index.js": probeProgram(inputs, options) });
const change = (stack: Stack, inputs: string, options?: string) => stack.write("index.js", probeProgram(inputs, options));
const ops = (steps: readonly { op: string }[]) => steps.map(({ op }) => op);
const isGone = (pid: number) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

describe("the plugin under the real engine", { concurrency: 2 }, () => {
  test("a resource's life: create, same, update, replace, delete", async () => {
    const seen = world();
    await using stack = await makeStack({ files: program(`{ text: "one", tree: { list: ["a", "b"] } }`), provider: probeProvider(seen) });
    assert.deepEqual(ops((await stack.up()).steps), ["create"]);
    assert.deepEqual(await stack.outputs(), { echo: "one" });
    assert.deepEqual(ops((await stack.up()).steps), ["same"]);
    assert.deepEqual(seen.asked, ["create p"]);

    await change(stack, `{ text: "one", tree: { list: ["a", "c"], more: { x: 1 } } }`);
    const preview = await stack.preview();
    assert.deepEqual(preview.steps[0]?.detailedDiff, {
      "tree.list[1]": { diffKind: "update", inputDiff: true },
      "tree.more": { diffKind: "add", inputDiff: true },
    });
    assert.match(preview.text, /~ \[1\]: "b" => "c"/);
    assert.doesNotMatch(preview.text, /"a"/);
    assert.deepEqual(seen.asked, ["create p"]);
    const updated = await stack.up();
    assert.deepEqual(ops(updated.steps), ["update"]);
    assert.match(updated.text, /\[diff: ~tree\]/);

    await change(stack, `{ text: "one", tree: { list: ["a"], identity: 2 } }`);
    const { steps } = await stack.up();
    assert.deepEqual(ops(steps), ["create-replacement", "replace", "delete-replaced"]);
    assert.deepEqual(Object.keys(steps[1]?.detailedDiff ?? {}).sort(), ["tree.identity", "tree.list[1]", "tree.more"]);
    await stack.destroy();
    assert.deepEqual(seen.asked, ["create p", "update p", "create p", "delete p", "delete p"]);
    assert.equal(seen.live.size, 0);
  });

  test("unknown inputs are previewed, and known when it comes to it", async () => {
    const text = probeProgram(`{ text: "first" }`);
    const second = `const q = new Probe("q", { text: pulumi.interpolate\`after \${probe.length} and \${probe.serial}\`, act: "succeed" });\nexport const length = q.length;\n`;
    await using stack = await makeStack({ files: { "index.js": text + second }, provider: probeProvider() });
    const preview = await stack.preview();
    // the probe knows its length beforehand, its serial number only afterwards
    assert.match(preview.text, /text: \[unknown\]/);
    assert.match(preview.text, /length: \[unknown\]/);
    await stack.up();
    assert.deepEqual(await stack.outputs(), { echo: "first", length: "after 5 and 1".length });
    await stack.write("index.js", text.replace("first", "the second") + second);
    const changed = await stack.preview();
    assert.deepEqual(
      changed.steps.map(({ op, detailedDiff }) => [op, Object.keys(detailedDiff ?? {})]),
      [
        ["update", ["text"]],
        ["update", ["text"]],
      ],
    );
    assert.match(changed.text, /text: "after 5 and 1" => \[unknown\]/);
  });

  test("a wrong input is an error of its property", async () => {
    await using stack = await makeStack({ files: program(`{ text: 7 }`), provider: probeProvider() });
    const { status, text } = await stack.run("preview");
    assert.notEqual(status, 0);
    assert.match(text, /text.*got 7, wanted a string/s);
    assert.match(text, /linuxkit:index:Probe/);
  });

  test("a failure is told in its own words, and leaves no resource", async () => {
    const seen = world();
    await using stack = await makeStack({ files: program(`{ text: "nothing", act: "fail" }`), provider: probeProvider(seen) });
    const { status, text } = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(status, 0);
    assert.match(text, /error: cannot use nothing: it is not there/);
    assert.doesNotMatch(text, /please report/);
    assert.deepEqual(
      JSON.parse(await stack.stateText()).checkpoint.latest.resources.filter(({ type }: { type: string }) => type.startsWith("linuxkit")),
      [],
    );
  });

  test("what was made but is not ready is kept, and the next up goes on from there", async () => {
    const seen = world();
    await using stack = await makeStack({ files: program(`{ text: "x", act: "half" }`), provider: probeProvider(seen) });
    const { status, text } = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(status, 0);
    assert.match(text, /p exists, but is not ready/);
    const resource = JSON.parse(await stack.stateText()).checkpoint.latest.resources.at(-1);
    assert.deepEqual([resource.id, resource.outputs.echo, resource.initErrors.length], ["p", "x", 1]);
    await change(stack, `{ text: "x", act: "succeed" }`);
    assert.deepEqual(ops((await stack.up()).steps), ["update"]);
    assert.deepEqual(seen.asked, ["create p", "update p"]);
  });

  test("secrets are nowhere in clear: not in the state, not in messages", async () => {
    const inputs = (act: string) => `{ text: pulumi.secret("swordfish"), tree: { deep: [pulumi.secret("xyzzy-plugh")] }, act: "${act}" }`;
    await using stack = await makeStack({ files: program(inputs("succeed")), provider: probeProvider() });
    const { text } = await stack.up();
    const state = await stack.stateText();
    for (const word of ["swordfish", "xyzzy", "key of p"]) {
      assert.ok(!text.includes(word), text);
      assert.ok(!state.includes(word), word);
    }
    assert.deepEqual(await stack.outputs(), { echo: "swordfish" });
    await change(stack, inputs("fail"));
    const failed = await stack.run("up", "--yes", "--skip-preview");
    assert.match(failed.text, /cannot use \[secret\]/);
    assert.ok(!failed.text.includes("swordfish"));
  });

  test("progress is on the resource's own line: many steps, few lines, and the summary stays", async () => {
    await using stack = await makeStack({ files: program(`{ text: "x", steps: 1000 }`), provider: probeProvider() });
    const began = performance.now();
    const outcome = await stack.up();
    const seconds = (performance.now() - began) / 1000;
    const shown = outcome.lines("ephemeral");
    assert.equal(shown[0], "probe step 0");
    // the first, and two in each second
    assert.ok(shown.length <= 1 + 2 * seconds, `${shown.length} lines in ${seconds} s`);
    assert.deepEqual(outcome.lines("kept"), ["probe made"]);
    const urns = new Set(outcome.events.flatMap(({ diagnosticEvent }) => diagnosticEvent?.urn ?? []));
    assert.deepEqual([...urns], [outcome.steps[0]?.urn]);
  });

  test("customTimeouts end it, and say so", async () => {
    const seen = world();
    await using stack = await makeStack({
      files: program(`{ text: "x", act: "hang" }`, `{ customTimeouts: { create: "1s" } }`),
      provider: probeProvider(seen),
    });
    const { text, status } = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(status, 0);
    assert.match(text, /making p took longer than 1 s: set customTimeouts/);
    assert.deepEqual(seen.asked, ["create p", "undone"]);
  });

  test("Ctrl-C in the middle undoes it", async () => {
    const seen = world();
    await using stack = await makeStack({ files: program(`{ text: "x", act: "hang" }`), provider: probeProvider(seen) });
    const operation = stack.start("up", "--yes", "--skip-preview");
    await operation.printed(/probe step 0/);
    operation.interrupt();
    const { status, text } = await operation.outcome;
    assert.notEqual(status, 0);
    assert.match(text, /cancelled before it was done/);
    assert.deepEqual(seen.asked, ["create p", "undone"]);
    assert.equal(seen.live.size, 0);
  });

  test("import takes what is there, refresh sees what has changed and what is gone", async () => {
    const seen = world();
    seen.live.set("p", "found");
    await using stack = await makeStack({ files: program(`{ text: "found", act: "succeed" }`), provider: probeProvider(seen) });
    await stack.must("import", "linuxkit:index:Probe", "p", "p", "--yes", "--generate-code=false", "--protect=false");
    assert.deepEqual(ops((await stack.up()).steps), ["same"]);
    const missing = await stack.run("import", "linuxkit:index:Probe", "x", "absent", "--yes", "--generate-code=false");
    assert.notEqual(missing.status, 0);
    assert.match(missing.text, /'absent' does not exist/);

    seen.live.set("p", "altered");
    await stack.refresh();
    const preview = await stack.preview();
    assert.deepEqual(Object.keys(preview.steps[0]?.detailedDiff ?? {}), ["text"]);
    assert.match(preview.text, /"altered" => "found"/);
    await stack.up();
    assert.equal(seen.live.get("p"), "found");

    seen.live.delete("p");
    assert.deepEqual(ops((await stack.refresh()).steps), ["refresh"]);
    assert.deepEqual(ops((await stack.up()).steps), ["create"]);
  });

  test("an unknown key of our configuration is refused, a known one taken", async () => {
    await using stack = await makeStack({
      files: program(`{ text: "x" }`),
      provider: probeProvider(),
      config: { "linuxkit:debianMirror": "http://127.0.0.1:1/debian" },
    });
    await stack.up();
    await stack.must("config", "set", "linuxkit:debianMiror", "x");
    const { status, text } = await stack.run("preview");
    assert.notEqual(status, 0);
    assert.match(text, /debianMiror.*unknown property: did you mean "debianMirror"/s);
  });
});

describe("the plugin as a process of its own", { concurrency: 2 }, () => {
  const module = new URL("../support/probe-plugin.ts", import.meta.url);
  const pidIn = async (stack: Stack) => Number(await readFile(`${stack.home}/plugin.pid`, "utf8"));

  test("is started by the engine in the project's folder, works, and ends with it", async () => {
    await using stack = await makeStack({ files: program(`{ text: "x" }`), plugin: "../bin" });
    await makePluginFolder(`${stack.home}/bin`, module);
    const { text, steps } = await stack.must("up", "--yes", "--skip-preview", "--logtostderr", "-v=1");
    assert.deepEqual(ops(steps), ["create"]);
    assert.doesNotMatch(text, /exited prematurely|always a bug/);
    // relative images and files of a definition are found
    assert.equal(await readFile(`${stack.home}/plugin.cwd`, "utf8"), stack.directory);
    assert.ok(isGone(await pidIn(stack)));
  });

  test("undoes its work on Ctrl-C and leaves no process", async () => {
    await using stack = await makeStack({ files: program(`{ text: "x", act: "hang" }`), plugin: "../bin" });
    await makePluginFolder(`${stack.home}/bin`, module);
    const operation = stack.start("up", "--yes", "--skip-preview");
    await operation.printed(/probe step 0/);
    operation.interrupt();
    assert.match((await operation.outcome).text, /cancelled before it was done/);
    assert.equal(await readFile(`${stack.home}/asked`, "utf8"), "create p,undone");
    assert.ok(isGone(await pidIn(stack)));
  });

  test("undoes its work when the engine is killed", async () => {
    await using stack = await makeStack({ files: program(`{ text: "x", act: "hang" }`), plugin: "../bin" });
    await makePluginFolder(`${stack.home}/bin`, module);
    const operation = stack.start("up", "--yes", "--skip-preview");
    await operation.printed(/probe step 0/);
    process.kill(operation.pid, "SIGKILL");
    const pid = await pidIn(stack);
    for (const end = Date.now() + 30_000; !isGone(pid) && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(isGone(pid));
    assert.equal(await readFile(`${stack.home}/asked`, "utf8"), "create p,undone");
  });
});
