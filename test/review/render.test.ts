import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { debian, File } from "../../sdk/index.ts";
import { page } from "../../sdk/review/page/page.ts";
import { markdown } from "../../sdk/review/render/markdown.ts";
import { sarif } from "../../sdk/review/render/sarif.ts";
import { textLines } from "../../sdk/review/render/text.ts";
import { factsOf } from "../../sdk/review/facts-of.ts";
import { review } from "../../sdk/review/review.ts";
import type { Lock } from "../../sdk/resolve/lock.ts";
import { sourceKey } from "../../sdk/resolve/image-source.ts";
import { printable } from "../../sdk/core/printable.ts";
import { web, webService } from "./definitions.ts";
import { lockedDeb } from "../support/locked-deb.ts";

const before = { definition: web().spec };

describe("what a file or an image is named cannot forge a line, run a script or leave its place", () => {
  const evil = [
    "a\n  services.web: nothing to see",
    "a\u001b[2K\u001b[1Gb",
    "<script>alert(1)</script>",
    "</summary></details><img src=x onerror=alert(1)>",
    "`code` **bold** [link](https://example.com) @everyone #1",
    "```\n# heading",
    "\u202etxt.exe",
  ];
  const after = {
    definition: web(
      { env: evil.map((text, index) => `V${index}=${text}`) },
      { files: evil.map((text, index) => new File(`/etc/${index}${text.replaceAll("/", "_")}`, { contents: text })) },
    ).spec,
  };
  const found = review(before, after);

  test("text: one line for each change, without control characters", () => {
    const lines = textLines(found);
    assert.ok(lines.every((line) => !/[\r\n]/.test(line)));
    // what prints escapes the rest
    assert.ok(!/[\u001b\u202e]/.test(printable(lines.join("\n"))));
    assert.equal(lines.filter((line) => line.startsWith("  services.web: nothing")).length, 0);
    assert.equal(lines.filter((line) => /^ {2}\S/.test(line) && !line.startsWith("  + ")).length, found.changes.length);
  });

  test("Markdown: no HTML, no link, no mention, no heading from outside", () => {
    const text = markdown(found, evil.join(" "));
    assert.ok(!/<(?!\/?details>|\/?summary>)/.test(text), "HTML");
    assert.ok(!/^ {0,3}#(?!## )/m.test(text), "heading");
    assert.ok(!/@e|(^|[^\\])\*\*b|[^\\]\]\(/.test(text), "mention, bold or link");
    assert.ok(!/[\u001b\u202e]/.test(text));
    assert.equal(text.match(/<details>/g)?.length ?? 0, text.match(/<\/details>/g)?.length ?? 0);
  });

  test("HTML: only the tags that the page has itself", () => {
    const text = page({ title: evil.join(" "), review: found, now: { facts: factsOf(after) } });
    const tags = new Set([...text.matchAll(/<\/?([a-z0-9!]+)/gi)].map(([, name]) => name?.toLowerCase()));
    assert.deepEqual(
      [...tags].filter(
        (name) =>
          ![
            "!doctype",
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "h1",
            "h2",
            "h3",
            "a",
            "nav",
            "header",
            "span",
            "svg",
            "rect",
            "text",
            "path",
            "g",
            "div",
            "table",
            "caption",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "p",
            "section",
            "ul",
            "li",
            "code",
            "small",
            "pre",
            "ins",
            "del",
          ].includes(name ?? ""),
      ),
      [],
    );
    assert.ok(!/[\u001b\u202e]/.test(text));
  });

  test("SARIF: text in JSON, without a link", () => {
    const { results = [] } = (sarif(found, "os.ts") as { runs: { results: { message: { text: string } }[] }[] }).runs[0] ?? {};
    assert.equal(results.length, found.changes.length);
    for (const { message } of results) assert.doesNotMatch(message.text, /\]\(|[\n\u001b\u202e]/);
  });
});

test("a comment of GitHub's size is never exceeded, and every fold in it is closed", () => {
  const long = Array.from({ length: 3000 }, (_, index) => new File(`/etc/file-${index}`, { contents: "x\n".repeat(20) }));
  const changed = long.map(({ path }) => new File(path, { contents: "y\n".repeat(20) }));
  const text = markdown(
    review({ definition: web({}, { files: long }).spec }, { definition: web({ pid: "host" }, { files: changed }).spec }),
    "many",
  );
  assert.ok(text.length <= 65_536, String(text.length));
  assert.ok(text.includes("pid namespace: host instead of new"));
  assert.match(text, /…and more: run `npx pulumi-linuxkit diff` to see the rest\.\n$/);
  assert.equal(text.match(/<details>/g)?.length, text.match(/<\/details>/g)?.length);
});

describe("locks", () => {
  const image = debian.packages({ packages: ["openssl"] });
  const { spec: definition } = web({ image }, { services: [webService({ image })] });
  const lock = (versions: Readonly<Record<string, string>>): Lock => ({
    version: 1,
    arch: "amd64",
    images: {},
    debian: {
      [sourceKey(definition.services["web"]?.image ?? "")]: {
        packages: Object.entries(versions).map(([name, version]) => lockedDeb(name, version)),
      },
    },
  });
  for (const [name, old, now, want] of [
    [
      "an upgrade",
      { openssl: "3.0.15-1~deb12u1" },
      { openssl: "3.0.17-1~deb12u2" },
      ["narrows package openssl upgraded from 3.0.15-1~deb12u1 to 3.0.17-1~deb12u2"],
    ],
    [
      "a downgrade, by Debian's order",
      { openssl: "3.0.10-1" },
      { openssl: "3.0.9-1" },
      ["widens package openssl downgraded from 3.0.10-1 to 3.0.9-1"],
    ],
    [
      "a package more and one less",
      { openssl: "1", a: "1" },
      { openssl: "1", b: "2" },
      ["neutral package a removed: 1", "neutral package b added: 2"],
    ],
    ["the same", { openssl: "1" }, { openssl: "1" }, []],
  ] as const) {
    test(name, () => {
      const { changes } = review({ definition, lock: lock(old) }, { definition, lock: lock(now) });
      assert.deepEqual(
        changes.map(({ direction, message }) => `${direction} ${message}`),
        want,
      );
    });
  }
});

describe("what is long hides nothing else in a comment", () => {
  const long = "a".repeat(70_000);
  const services = Array.from({ length: 2500 }, (_, index) =>
    webService({ publish: [], ipc: "host" }, `a-service-of-a-long-name-${index}`),
  );
  for (const [what, system, title] of [
    ["the source of a bind", web({ binds: [`/${long}:/x`], pid: "host" }), "A → B"],
    ["a title", web({ pid: "host" }), long],
    ["the names of many services", web({ pid: "host" }, { services: [webService({ pid: "host" }), ...services] }), "A → B"],
  ] as const) {
    test(what, () => {
      const text = markdown(review(before, { definition: system.spec }), title);
      assert.ok(text.length <= 65_536);
      assert.match(text, /pid namespace: host instead of new/);
    });
  }

  test("the names of many machines", () => {
    const machines = Array.from({ length: 4000 }, (_, index) => ({ name: `a-long-name-of-a-machine-${index}`, count: 1 }));
    const text = markdown(review({ ...before, machines }, { definition: web({ pid: "host" }).spec }), "A → B");
    assert.match(text, /replaces 4000 machines: .* and 3980 more\n/);
    assert.match(text, /pid namespace: host instead of new/);
  });
});

test("a line of two hundred thousand code spans is fenced", () => {
  const of = (contents: string) => ({ definition: web({}, { files: [new File("/a", { contents })] }).spec });
  assert.match(markdown(review(of("a\n"), of(`${"` ".repeat(200_000)}\n`)), "A → B", 1 << 20), /^ {2}```diff$/m);
});

test("a line of a file with a password is not shown", () => {
  const of = (password: string) => ({ definition: web({}, { files: [new File("/a", { contents: `a\npassword=${password}\n` })] }).spec });
  const text = textLines(review(of("correct-horse"), of("battery-staple"))).join("\n");
  assert.match(text, / {6}-\[a line that looks like a secret\]\n {6}\+\[a line that looks like a secret\]/);
  assert.doesNotMatch(text, /horse|staple/);
});
