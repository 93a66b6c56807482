import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { conformanceImages, serveImages } from "../support/conformance-images.ts";
import { TestRegistry } from "../support/registry.ts";

const MAIN = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "cli-publish-"));
const registry = await TestRegistry.start();
after(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Runs the command in a child process, with its own cache and logins. This process serves the registry. */
async function run(
  cache: string,
  ...args: string[]
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const env = { ...process.env, PULUMI_LINUXKIT_CACHE: join(folder, cache), DOCKER_CONFIG: folder };
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env, timeout: 60_000 });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { status: child.exitCode, stdout, stderr };
}

test("build shares a cache, publishes and signs; pull downloads the same files by the printed digest", async () => {
  serveImages(await conformanceImages(), registry);
  await writeFile(
    join(folder, "os.yml"),
    `kernel: {image: "${registry.host}/conf/kernel:1", cmdline: "console=ttyS0"}\ninit: ["${registry.host}/conf/init:1"]\n`,
  );
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "word" },
  });
  for (const [name, content] of [
    ["own.key", privateKey],
    ["own.pub", publicKey],
    ["word", "word\n"],
    [
      "other.pub",
      generateKeyPairSync("ed25519", {
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
      }).publicKey,
    ],
  ] as const)
    await writeFile(join(folder, name), content);

  const cache = `${registry.host}/cache`;
  const build = (name: string, ...more: string[]) =>
    run(name, "build", "os.yml", "--out", name, "--cache-from", cache, "--cache-to", cache, ...more);
  const first = await build("one", "--push", `${registry.host}/os:1`, "--sign-key", "own.key", "--sign-passphrase", "word");
  assert.equal(first.status, 0, first.stderr);
  const reference = first.stdout.trim().split("\n").at(-1) ?? "";
  assert.match(reference, /^127\.0\.0\.1:\d+\/os@sha256:[0-9a-f]{64}$/);
  assert.match(first.stderr, /push: 127.* is 127.*, signed/);

  const second = await build("two", "--json");
  assert.match(second.stderr, /cache \S+: fetched [1-9]\d* entries \(.* MB\)/);
  const shas = (files: readonly { readonly name: string; readonly sha256: string }[]) => files.map(({ name, sha256 }) => [name, sha256]);

  const pulled = await run("three", "pull", reference, "--out", "three", "--verify-key", "other.pub", "--verify-key", "own.pub", "--json");
  assert.equal(pulled.status, 0, pulled.stderr);
  assert.deepEqual(shas(JSON.parse(pulled.stdout).files), shas(JSON.parse(second.stdout).files));
  assert.ok((await readFile(join(folder, "three", "os-initrd.img"))).equals(await readFile(join(folder, "one", "os-initrd.img"))));

  const refused = await run("four", "pull", reference, "--out", "four", "--verify-key", "other.pub");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /^SIGNATURE_INVALID: .*none of its/);
  // two operating systems that were published are compared by their digests: only their configurations are fetched
  const yaml = await readFile(join(folder, "os.yml"), "utf8");
  await writeFile(join(folder, "next.yml"), yaml.replace("console=ttyS0", "console=ttyS0 nokaslr"));
  const next = await run("one", "build", "next.yml", "--out", "next", "--push", `${registry.host}/os:2`);
  assert.equal(next.status, 0, next.stderr);
  const published = next.stdout.trim().split("\n").at(-1) ?? "";
  const before = registry.requests.length;
  const compared = await run("five", "diff", reference, published);
  assert.equal(compared.status, 1, compared.stderr);
  assert.match(compared.stdout, /^ {2}kernel: kernel parameter nokaslr added/m);
  const blobs = registry.requests.slice(before).filter(({ path }) => path.includes("/blobs/"));
  assert.equal(blobs.length, 2);
  assert.deepEqual(await run("five", "diff", reference, reference), { status: 0, stdout: "nothing changes inside the OS\n", stderr: "" });
  const page = await run("five", "diff", reference, published, "--format", "html");
  assert.match(page.stdout, /<h2 id="sizes">What it holds<\/h2><p>Segments, compressed: /);
  const image = `${registry.host}/conf/init@${(JSON.parse(second.stdout).lock.images as Record<string, string>)[`${registry.host}/conf/init:1`]}`;
  const mixed = await run("five", "diff", reference, image);
  assert.equal(mixed.status, 2);
  assert.ok(
    mixed.stderr.startsWith(`got the operating system ${reference} and the container image ${image}, wanted two of one kind\n`),
    mixed.stderr,
  );

  const byTag = await run("four", "pull", `${registry.host}/os:1`, "--out", "four");
  assert.equal(byTag.status, 1);
  assert.ok(byTag.stderr.includes(`the tag currently points to ${reference}`), byTag.stderr);
});
