import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { type Entry, fileEntry } from "../../sdk/archive/entry.ts";
import { readBoot } from "../../sdk/guest/recorded-boot.ts";
import { debian, Service } from "../../sdk/index.ts";
import { factsOf } from "../../sdk/review/facts-of.ts";
import { heldFiles } from "../../sdk/review/held/holding.ts";
import { heldInTree } from "../../sdk/review/held/tree.ts";
import { page as pageOf, type PageContent } from "../../sdk/review/page/page.ts";
import { review } from "../../sdk/review/review.ts";
import { recordTree } from "../../sdk/review/tree/record.ts";
import { startBrowser, violations } from "../support/browser.ts";
import { web, webService } from "./definitions.ts";

const EVIL = [
  "<script>window.hacked = 1</script>",
  '"><img src=x onerror="window.hacked = 1">',
  "</title></style></svg><svg onload=window.hacked=1>",
  "' autofocus onfocus=window.hacked=1 x='",
  "<style>body { display: none }</style>",
  "<a href=javascript:window.hacked=1>&amp;</a>",
];

const services = (port: number): Service[] => [
  webService({
    capabilities: port === 80 ? ["CAP_CHOWN"] : ["CAP_NET_RAW"],
    publish: [`${port}:8080`],
    egress: [{ to: "db", port: 6379 }, { to: "dns" }],
  }),
  new Service("db", { image: debian.packages({ packages: ["redis-server"] }), publish: ["6379"] }),
  new Service("log", { image: "busybox:1.36", net: "host" }),
];
const [was, is] = [80, 443].map((port) => ({ definition: web({}, { services: services(port) }).spec })) as [
  { definition: ReturnType<typeof web>["spec"] },
  { definition: ReturnType<typeof web>["spec"] },
];
const boot = (name: string, end: string) => {
  const read = readBoot(`linuxkit n 1.20 kernel 6.1 id\nlinuxkit n 2.00 service web started\nlinuxkit n ${end} service web healthy\n`);
  assert.ok(read);
  return { ...read, name };
};
const held = heldFiles("Files, unpacked", [
  { path: "/usr/sbin/nginx", bytes: 1_200_000, part: "services.web", package: "nginx" },
  { path: "/usr/lib/libssl.so.3", bytes: 700_000, part: "services.web", package: "libssl3" },
  { path: "/usr/bin/redis-server", bytes: 2_300_000, part: "services.db", package: "redis-server" },
  { path: "/init", bytes: 4_400_000, part: "init" },
]);
const whole: PageContent = {
  title: "main:os.ts → os.ts",
  review: review(was, is),
  before: { facts: factsOf(was), held },
  now: { facts: factsOf(is), held },
  boots: [boot("old.log", "3.10"), boot("new.log", "2.90")],
};
const hostile: PageContent = {
  title: EVIL.join(" "),
  review: review(was, { definition: web({ env: EVIL.map((text, index) => `V${index}=${text}`) }, { services: services(80) }).spec }),
  now: {
    facts: new Map(
      EVIL.flatMap((name, index) =>
        ["container", "network", "capability", "egress"].map((rule) => {
          const part = `services[${JSON.stringify(`${index}${name}`)}]`;
          return [`${part}.${rule}`, { path: `${part}.${rule}`, part, rule, name, value: name }];
        }),
      ),
    ),
    held: heldFiles(
      "Files",
      EVIL.map((name) => ({ path: name, bytes: 1000, part: name, package: name })),
    ),
  },
  boots: EVIL.slice(0, 2).map((name) => ({ ...boot(name, "3.00"), spans: [{ name, start: 0, end: 1, failure: name }] })),
};

async function* image(packages: number): AsyncGenerator<Entry> {
  const names = Array.from({ length: packages }, (_, index) => `package-${index}`);
  const paths = (name: string): string[] =>
    Array.from({ length: 10 }, (_, index) => `usr/share/${name}/a-file-of-usual-length-${index}.so`);
  yield fileEntry("var/lib/dpkg/status", names.map((name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1\n`).join("\n"));
  for (const name of names)
    yield fileEntry(
      `var/lib/dpkg/info/${name}.list`,
      paths(name)
        .map((path) => `/${path}\n`)
        .join(""),
    );
  for (const [index, path] of names.flatMap(paths).entries()) yield fileEntry(path, "x".repeat(1 + ((index * 7919) % 3000)));
}

const folder = mkdtempSync(join(tmpdir(), "review-page-"));
const browser = await startBrowser();
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** Opens a page in a window of its own, and lists what it asks for, says and does. */
async function open(name: string, text: string, colorScheme: "light" | "dark" = "light"): Promise<Page & { readonly noted: string[] }> {
  const file = join(folder, `${name}.html`);
  writeFileSync(file, text);
  const page = await browser.newPage({ colorScheme, viewport: { width: 1100, height: 900 } });
  const noted: string[] = [];
  page.on("request", (request) => request.url() === pathToFileURL(file).href || noted.push(`request ${request.url()}`));
  page.on("console", (message) => noted.push(`console ${message.text()}`));
  page.on("pageerror", (error) => noted.push(`error ${error.message}`));
  page.on("dialog", (dialog) => (noted.push(`dialog ${dialog.message()}`), dialog.dismiss()));
  await page.goto(pathToFileURL(file).href);
  return Object.assign(page, { noted });
}

describe("a page in Chromium", { timeout: 240_000 }, () => {
  const backgrounds = new Set<string>();
  for (const scheme of ["light", "dark"] as const) {
    test(`${scheme}: axe-core finds no violation, nothing is asked for, and the picture is made`, async () => {
      const page = await open(`whole-${scheme}`, pageOf(whole), scheme);
      // what is folded is looked at too
      for (const folded of await page.locator("details > summary").all()) await folded.click();
      assert.deepEqual(await violations(page), []);
      assert.deepEqual(page.noted, []);
      const picture = join(folder, `${scheme}.png`);
      await page.screenshot({ path: picture, fullPage: true });
      assert.ok(statSync(picture).size > 20_000);
      backgrounds.add(String(await page.evaluate("getComputedStyle(document.body).backgroundColor")));
      await page.close();
    });
  }

  test("the themes differ", () => assert.equal(backgrounds.size, 2));

  test("every section is reached by the keyboard, and a part is unfolded with it", async () => {
    const page = await open("keys", pageOf(whole));
    const focused = () => page.evaluate("document.activeElement.textContent") as Promise<string>;
    const seen: string[] = [];
    for (let count = 0; count < 6; count++) {
      await page.keyboard.press("Tab");
      seen.push(await focused());
    }
    assert.deepEqual(seen, [
      "Skip to the content",
      "What changes",
      "What it holds",
      "How it boots",
      "Who may talk to whom",
      "Capabilities",
    ]);
    while (!(await focused()).startsWith("init: 4.4 MB")) await page.keyboard.press("Tab");
    assert.equal(await page.getByText("/init 4.4 MB", { exact: true }).isVisible(), false);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.getByText("/init 4.4 MB", { exact: true }).isVisible(), true);
    await page.close();
  });

  test("a screen reader is told what each picture shows", async () => {
    const page = await open("reader", pageOf(whole));
    const named = await page.getByRole("img").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? ""));
    assert.match(named.join("\n"), /Timeline of the boot/);
    assert.match(named.join("\n"), /3 services with 4 connections/);
    assert.equal(await page.getByRole("cell", { name: "+ added" }).count(), 2);
    await page.close();
  });

  test("names from outside stay text: no script, no request, no other element", async () => {
    const page = await open("hostile", pageOf(hostile));
    assert.deepEqual(page.noted, []);
    assert.equal(await page.evaluate("window.hacked"), undefined);
    assert.equal(await page.locator("script, img, iframe, object, [onload], [onerror], [onfocus], [style], a:not([href^='#'])").count(), 0);
    assert.equal(await page.locator("style").count(), 1);
    const text = String(await page.evaluate("document.body.textContent"));
    for (const name of EVIL) assert.ok(text.includes(name), name);
    assert.deepEqual(await violations(page), []);
    await page.close();
  });

  test("the page's policy allows its own style, and no script", async () => {
    const forged = pageOf(whole).replace("</body>", "<script>window.hacked = 1</script><p style='color: red' onclick='x()'></p></body>");
    const page = await open("forged", forged);
    assert.equal(await page.evaluate("window.hacked"), undefined);
    assert.match(page.noted.join("\n"), /script.*Content Security Policy/i);
    await page.close();
  });

  test("an image of 2,000 packages stays under 5 MB and lists each", async (context) => {
    const tree = heldInTree(await recordTree(image(2000)));
    const text = pageOf({ title: "image", now: { held: tree } });
    assert.ok(Buffer.byteLength(text) < 5_000_000, String(text.length));
    const begin = performance.now();
    const page = await open("large", text);
    context.diagnostic(`${(text.length / 1e6).toFixed(1)} MB open in ${Math.round(performance.now() - begin)} ms`);
    assert.equal(await page.locator("details details > summary", { hasText: "package-" }).count(), 2000);
    assert.ok((await page.locator("rect.tile").count()) > 1000);
    await page.close();
  });

  test("print leaves out what only a screen needs", async () => {
    const page = await open("print", pageOf(whole));
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.getByRole("navigation").isVisible(), false);
    const pdf = await page.pdf();
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
    await page.close();
  });

  test("the file is one file", () => assert.doesNotMatch(readFileSync(join(folder, "keys.html"), "utf8"), /\b(?:src|href)="(?!#)/));
});
