import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { directoryEntry, type Entry, fileEntry, NO_BODY, symlinkEntry } from "../../sdk/archive/entry.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { printable } from "../../sdk/core/printable.ts";
import type { Change, Direction } from "../../sdk/review/change.ts";
import { reviewImages } from "../../sdk/review/images.ts";
import { page } from "../../sdk/review/page/page.ts";
import { jsonLines } from "../../sdk/review/render/json.ts";
import { markdown } from "../../sdk/review/render/markdown.ts";
import { sarif } from "../../sdk/review/render/sarif.ts";
import { textLines } from "../../sdk/review/render/text.ts";
import { imageLayout } from "../support/image-layout.ts";

const folder = mkdtempSync(join(tmpdir(), "review-images-"));
after(() => rmSync(folder, { recursive: true }));
const cacheDir = join(folder, "cache");
const options = { cacheDir, store: new BlobStore(cacheDir) };

let made = 0;
async function image(entries: readonly Entry[], config: object = {}): Promise<string> {
  const place = join(folder, `image-${made++}`);
  await mkdir(place);
  return imageLayout(place, [entries], config);
}
const compare = async (before: readonly Entry[], now: readonly Entry[], [one, other]: readonly [object, object] = [{}, {}]) =>
  reviewImages(await image(before, one), await image(now, other), options);
const device = (path: string): Entry => ({ ...symlinkEntry(path, ""), type: "character", major: 1, minor: 3, mode: 0o666, body: NO_BODY });
const hardlink = (path: string, link: string): Entry => ({ ...symlinkEntry(path, link), type: "hardlink" });
const apk = (...versions: string[]): Entry =>
  fileEntry("lib/apk/db/installed", versions.map((text, index) => `P:p${index}\nV:${text}\nA:x86_64\n\n`).join(""));
const KEY = "-----BEGIN PRIVATE KEY-----\nAA\n";
const SHA = (digits: string) => `sha256:${digits}…`;

const ROWS: readonly (readonly [string, readonly Entry[], readonly Entry[], readonly string[]])[] = [
  ["the same files", [fileEntry("a", "x")], [fileEntry("a", "x", 0o644, { mtime: 7 })], []],
  ["a layer that holds its root as one without it has it", [], [directoryEntry("")], []],
  ["a layer that holds another root", [], [directoryEntry("", 0o777)], ["widens mode of / changed from 0755 to 0777"]],
  ["a file more", [], [fileEntry("a", "x")], ["neutral file /a added"]],
  ["a file less", [fileEntry("a", "x")], [], ["neutral file /a removed"]],
  [
    "a folder with files more, in one line",
    [],
    [directoryEntry("usr"), directoryEntry("usr/b"), fileEntry("usr/b/c", "x"), fileEntry("usr/d", "y", 0o600, { uid: 5 })],
    ["neutral directory /usr added"],
  ],
  [
    "a setuid program in a new folder",
    [],
    [directoryEntry("bin"), fileEntry("bin/su", "x", 0o4755)],
    ["widens mode of /bin/su added: 4755", "neutral directory /bin added"],
  ],
  [
    "another text",
    [fileEntry("a", "x\n")],
    [fileEntry("a", "y\n")],
    [`neutral contents of /a changed from 2 bytes, ${SHA("73cb3858a687")} to 2 bytes, ${SHA("3bb2abb69ebb")}`],
  ],
  ["another mode", [fileEntry("a", "", 0o755)], [fileEntry("a", "", 0o4755)], ["widens mode of /a changed from 0755 to 4755"]],
  [
    "a folder that everyone may write, without and with the sticky bit",
    [directoryEntry("a"), directoryEntry("b")],
    [directoryEntry("a", 0o777), directoryEntry("b", 0o1777)],
    ["widens mode of /a changed from 0755 to 0777", "neutral mode of /b changed from 0755 to 1777"],
  ],
  ["another owner", [fileEntry("a", "")], [fileEntry("a", "", 0o644, { uid: 5 })], ["neutral owner of /a: 5:0 instead of 0:0"]],
  ["another target", [symlinkEntry("a", "b")], [symlinkEntry("a", "c")], ["neutral link /a changed from link to b to link to c"]],
  [
    "a link in the place of a file",
    [fileEntry("a", "")],
    [symlinkEntry("a", "b")],
    [
      "neutral link /a changed from file to link to b",
      `neutral contents of /a removed: 0 bytes, ${SHA("e3b0c44298fc")}`,
      "neutral mode of /a removed: 0644",
    ],
  ],
  ["a hard link in the place of a copy", [fileEntry("a", "x"), fileEntry("b", "x")], [fileEntry("a", "x"), hardlink("b", "a")], []],
  ["a device", [], [device("null")], ["widens device /null added: character device 1:3", "widens mode of /null added: 0666"]],
  [
    "capabilities of a file",
    [fileEntry("ping", "")],
    [{ ...fileEntry("ping", ""), xattrs: new Map([["security.capability", Buffer.from("x")]]) }],
    ["widens attribute security.capability of /ping added"],
  ],
  [
    "packages of Alpine, by Alpine's order",
    [apk("1.0_rc1-r0", "1.9-r9", "2-r0")],
    [apk("1.0-r0", "1.10-r0", "1_git20-r0")],
    [
      "widens package p2 downgraded from 2-r0 to 1_git20-r0",
      "narrows package p0 upgraded from 1.0_rc1-r0 to 1.0-r0",
      "narrows package p1 upgraded from 1.9-r9 to 1.10-r0",
      `neutral contents of /lib/apk/db/installed changed from 74 bytes, ${SHA("")}`,
    ],
  ],
  ["a private key", [fileEntry("k", KEY)], [fileEntry("k", `${KEY}BB`)], ["neutral contents of /k changed"]],
];

describe("a change of an image has exactly its findings, what widens access first", () => {
  for (const [name, before, now, want] of ROWS) {
    test(name, async () => {
      const { changes } = await compare(before, now);
      const said = changes.map(({ direction, message }) => `${direction} ${message}`);
      // the size of a database says nothing more
      const cut = said.map((text, index) => (want[index]?.endsWith("sha256:…") ? `${text.split("sha256:")[0]}sha256:…` : text));
      assert.deepEqual(cut, want);
      assert.ok(changes.every(({ part }) => part === "image"));
    });
  }

  test("its user, command and environment", async () => {
    const config = { User: "1000", Cmd: ["nginx"], Env: ["A=1", "PASSWORD=correct-horse"] };
    const other = { User: "", Cmd: ["nginx", "-g"], Env: ["A=2", "PASSWORD=battery-staple"] };
    const { changes } = await compare([], [], [config, other]);
    assert.deepEqual(
      changes.map(({ direction, message }) => `${direction} ${message}`),
      [
        "widens user: root instead of 1000",
        "neutral command changed from nginx to nginx -g",
        "neutral environment variable A changed from 1 to 2",
        "neutral environment variable PASSWORD changed",
      ],
    );
  });
});

const MIRRORED: Readonly<Record<Direction, Direction>> = { widens: "narrows", narrows: "widens", breaks: "breaks", neutral: "neutral" };

test("the other way round, each difference of files is there with the opposite direction", async () => {
  const key = (change: Pick<Change, "path" | "direction">): string => `${change.path} ${change.direction}`;
  for (const [, before, now] of ROWS) {
    const [there, back] = [await compare(before, now), await compare(now, before)];
    assert.deepEqual(
      back.changes.map(key).sort(),
      there.changes.map(({ path, direction }) => key({ path, direction: MIRRORED[direction] })).sort(),
    );
  }
});

describe("the lines of a changed text", () => {
  const linesOf = async (before: Entry, now: Entry) => (await compare([before], [now])).changes.flatMap(({ lines }) => lines ?? []);

  test("are a unified diff", async () => {
    assert.deepEqual(await linesOf(fileEntry("a", "one\ntwo\n"), fileEntry("a", "one\n2\n")), ["@@ -1,2 +1,2 @@", " one", "-two", "+2"]);
  });

  test("are those of the file that a hard link names", async () => {
    const { changes } = await compare([fileEntry("a", "1\n"), hardlink("b", "a")], [fileEntry("a", "2\n"), hardlink("b", "a")]);
    assert.deepEqual(
      changes.map(({ lines }) => lines?.at(-1)),
      ["+2", "+2"],
    );
  });

  for (const [what, before, now] of [
    ["a private key", fileEntry("a", KEY), fileEntry("a", `${KEY}BB`)],
    ["a file that only root may read", fileEntry("a", "hash1\n", 0o640), fileEntry("a", "hash2\n", 0o640)],
    ["bytes that are no text", fileEntry("a", Buffer.of(0, 1)), fileEntry("a", Buffer.of(0, 2))],
  ] as const) {
    test(`are not shown of ${what}`, async () => assert.deepEqual(await linesOf(before, now), []));
  }

  test("hide a line with a password, and keep the others", async () => {
    const lines = await linesOf(fileEntry("a", "user=a\npassword=correct-horse\n"), fileEntry("a", "user=b\npassword=battery-staple\n"));
    assert.deepEqual(lines.slice(1), ["-user=a", "-[a line that looks like a secret]", "+user=b", "+[a line that looks like a secret]"]);
  });
});

describe("an image with hostile names", () => {
  const evil = [
    "a\n  image: nothing to see",
    "a\u001b[2K\u001b[1Gb",
    "<script>alert(1)<script>",
    "<summary><details><img src=x onerror=alert(1)>",
    "`code` **bold** [link](https:example.com) @everyone #1",
    "```\n# heading",
    "\u202etxt.exe",
    "\udcff\udc80",
  ];
  const before = evil.flatMap((name, index) => [fileEntry(name, "x\n", 0o755), symlinkEntry(`link-${index}`, name)]);
  const now = evil.flatMap((name, index) => [fileEntry(name, `${name}\n`, 0o4755), symlinkEntry(`link-${index}`, `${name}x`)]);

  test("forges no line, runs no script and breaks no comment", async () => {
    const review = await compare(before, now);
    assert.ok(review.changes.length >= 3 * evil.length);
    const lines = textLines(review).map(printable);
    assert.ok(lines.every((line) => !/[\r\n\u001b\u202e]/.test(line)));
    assert.ok(!lines.some((line) => line.startsWith("  image: nothing")));
    // what is fenced is no markup
    const comment = markdown(review, "a → b").replaceAll(/^ {2}(`{3,})diff\n.*?\n {2}\1$/gms, "");
    assert.ok(!/<(?!\/?details>|\/?summary>)/.test(comment), "HTML");
    assert.ok(!/^ {0,3}#(?!## )/m.test(comment), "heading");
    assert.equal(comment.match(/<details>/g)?.length, comment.match(/<\/details>/g)?.length);
    assert.ok(!/<(?:script|img)/i.test(page({ title: "a → b", review, now: {} })));
    assert.deepEqual(JSON.parse([...jsonLines(review)].join("\n")), JSON.parse(JSON.stringify(review)));
    assert.ok(sarif(review, "b"));
  });

  test("with more names than fit into memory it is refused", async () => {
    // attributes are held like names, and a tar of them is made sooner
    const xattrs = new Map([["user.x", Buffer.alloc(60 << 10)]]);
    const many = (layer: number) => Array.from({ length: 560 }, (_, index) => ({ ...fileEntry(`${layer}/${index}`, ""), xattrs }));
    const place = join(folder, "many");
    await mkdir(place);
    const huge = await imageLayout(place, [many(0), many(1)], {});
    await assert.rejects(reviewImages(await image([]), huge, options), (error) => isLinuxKitError(error, "HOSTILE_ARCHIVE"));
  });

  test("many files are one line of text, a comment that fits, and at most 5,000 results of SARIF", async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => fileEntry(`${evil[1]}${index}`, ""));
    const review = await compare([], many);
    assert.ok(textLines(review).length < 12);
    assert.ok(textLines(review).some((line) => line.includes(" and 11980 more added")));
    assert.ok(markdown(review, "many").length <= 65_536);
    assert.equal((sarif(review, "b") as { runs: { results: unknown[] }[] }).runs[0]?.results.length, 5000);
  });
});
