import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { alternativesOf } from "../../sdk/debian/alternatives.ts";
import { ESSENTIAL } from "../../sdk/debian/essential.ts";
import { judge } from "../support/judge.ts";

const SCRIPTS = "/var/lib/dpkg/info";

test("the alternatives of this host's packages are those that update-alternatives has registered", async () => {
  const declared = new Set<string>();
  for (const file of await readdir(SCRIPTS)) {
    if (!file.endsWith(".postinst")) continue;
    const [name = "", architecture = "amd64"] = file.slice(0, -".postinst".length).split(":");
    for (const { link, name: own, path, priority } of alternativesOf(await readFile(join(SCRIPTS, file), "latin1"), name, architecture)) {
      declared.add(`${own} ${link} ${path} ${priority}`);
    }
  }
  let registered = 0;
  for (const selection of judge("update-alternatives", "--get-selections").split("\n")) {
    const [name = ""] = selection.split(/\s+/);
    // manual pages are registered by helper programs too
    if (name === "" || /\.\d(?:[a-z]+)?\.gz$/.test(name)) continue;
    const said = judge("update-alternatives", "--query", name);
    const link = /^Link: (.*)$/m.exec(said)?.[1];
    for (const [, path, priority] of said.matchAll(/^Alternative: (.*)\nPriority: (.*)$/gm)) {
      // what no package of this host owns was registered by hand
      if (!path?.startsWith("/usr/local/") && !path?.startsWith("/opt/")) {
        assert.ok(declared.has(`${name} ${link} ${path} ${priority}`), `${name} ${link} ${path} ${priority}`);
        registered++;
      }
    }
  }
  assert.ok(registered > 5, String(registered));
});

test("the packages that advice takes as known to all are Debian's essential ones with programs", () => {
  const rows = judge("dpkg-query", "-W", "-f", "${Package} ${Essential}\n").split("\n");
  const essential = rows.flatMap((row) => (row.endsWith(" yes") ? [row.split(" ")[0] as string] : []));
  // neither has a program that a script calls
  const without = ["base-files", "base-passwd", "ncurses-base"];
  assert.deepEqual([...ESSENTIAL.filter((name) => name !== "mawk")].sort(), essential.filter((name) => !without.includes(name)).sort());
});
