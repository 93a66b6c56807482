import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { readAr } from "../../sdk/debian/ar.ts";
import { readDeb } from "../../sdk/debian/deb.ts";
import { DebianMirror } from "../support/debian-mirror.ts";
import { judge } from "../support/judge.ts";

let mirror: DebianMirror;
before(async () => {
  mirror = await DebianMirror.start();
});
after(() => mirror.stop());

const FILES = {
  "usr/bin/tool": "#!/bin/sh\n",
  "etc/tool.conf": "x".repeat(70_000),
  "usr/share/link": "-> ../bin/tool",
  "var/lib/tool": "/",
};

describe("reads packages that dpkg-deb made", () => {
  for (const compression of ["xz", "gzip", "zstd", "none"] as const) {
    test(compression, async () => {
      const { path } = await mirror.add({
        name: `tool-${compression}`,
        files: FILES,
        control: { postinst: "#!/bin/sh\nexit 1\n" },
        compression,
      });
      const data: string[] = [];
      const control: string[] = [];
      for await (const { member, entry } of readDeb(createReadStream(path, { highWaterMark: 1000 }), path)) {
        (member === "data" ? data : control).push(entry.path);
        if (entry.path === "etc/tool.conf") assert.equal((await collect(entry.body)).toString(), FILES["etc/tool.conf"]);
      }
      const wanted = judge("dpkg-deb", "--fsys-tarfile", path).length;
      assert.ok(wanted > 0);
      const listed = judge("dpkg-deb", "-c", path)
        .trim()
        .split("\n")
        .map((line) => (line.split(" ./")[1] as string).replace(/ -> .*/, "").replace(/\/$/, ""));
      assert.deepEqual(data.sort(), listed.sort());
      assert.deepEqual(control.filter((name) => name !== "").sort(), ["control", "postinst"]);
    });
  }
});

describe("a broken package is CORRUPT", () => {
  test("cut", async () => {
    const { path } = await mirror.add({ name: "cut", files: FILES });
    const whole = await readFile(path);
    for (const length of [4, 30, 70, 100, 200, whole.length - 400, whole.length - 70]) {
      await assert.rejects(
        drain([whole.subarray(0, length)]),
        (error) => isLinuxKitError(error, "CORRUPT"),
        `${length} of ${whole.length} bytes`,
      );
    }
  });
  const rows: Record<string, Buffer> = {
    "no archive": Buffer.from("PK\x03\x04 and so on and so on"),
    "format 3": ar([["debian-binary", "3.0\n"]]),
    "no control": ar([
      ["debian-binary", "2.0\n"],
      ["data.tar", "\0".repeat(1024)],
    ]),
    "an unknown member": ar([
      ["debian-binary", "2.0\n"],
      ["control.tar.lzma", ""],
    ]),
    "a bad size": Buffer.from(`!<arch>\n${"debian-binary".padEnd(48)}${"many".padEnd(10)}\`\n`),
  };
  for (const [name, bytes] of Object.entries(rows))
    test(name, () => assert.rejects(drain([bytes]), (error) => isLinuxKitError(error, "CORRUPT") && error.message.includes("a.deb")));
});

test("reads ar members of odd sizes, with skipped bodies, in chunks of any size", async () => {
  const archive = ar([
    ["one", "a"],
    ["two/", "bcd"],
    ["three", ""],
  ]);
  for (const size of [1, 7, 1000]) {
    const chunks = Array.from({ length: Math.ceil(archive.length / size) }, (_, index) =>
      archive.subarray(index * size, (index + 1) * size),
    );
    const seen: string[] = [];
    for await (const { name, body } of readAr(chunks, "x.a"))
      seen.push(name === "one" ? name : `${name}=${(await collect(body)).toString()}`);
    assert.deepEqual(seen, ["one", "two=bcd", "three="]);
  }
});

function ar(members: readonly (readonly [name: string, body: string])[]): Buffer {
  const parts = members.map(
    ([name, body]) =>
      `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(body.length).padEnd(10)}\`\n${body}${body.length % 2 ? "\n" : ""}`,
  );
  return Buffer.from(`!<arch>\n${parts.join("")}`, "latin1");
}

async function drain(source: Iterable<Uint8Array>): Promise<void> {
  for await (const { entry } of readDeb(source, "a.deb")) await collect(entry.body);
}
