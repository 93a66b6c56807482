import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { type Properties, UNKNOWN, type Value } from "../../sdk/plugin/value.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";
import {
  builder,
  cacheDir,
  type,
  subject,
  work,
  SERVICE,
  IMAGE,
  PAIR,
  SIGNED,
  ARTIFACT,
  KEY,
  check,
  checked,
} from "./image-build-subject.ts";

describe("check", () => {
  test("completes", async () => {
    const { inputs, failures } = await check({ image: IMAGE });
    assert.deepEqual(failures, []);
    assert.deepEqual(
      { ...inputs, image: undefined },
      { image: undefined, formats: ["kernel+initrd"], name: "web", arch: "amd64", update: "locked" },
    );
  });

  test("is idempotent: what was checked is checked to the same", async () => {
    const once = await check({ image: IMAGE });
    assert.deepEqual((await check(once.inputs)).inputs, once.inputs);
  });

  const bad: readonly (readonly [string, Properties, string, RegExp])[] = [
    ["no image", {}, "image", /missing/],
    ["an image that is not a definition", { image: "web" }, "image", /got "web", wanted an object/],
    [
      "a wrong leaf, by its path",
      { image: { ...IMAGE, services: { web: { ...SERVICE, capabilities: ["CAP_CHOWNN"] } } } },
      "image.services.web.capabilities[0]",
      /CAP_CHOWNN/,
    ],
    ["an unknown field", { image: { ...IMAGE, kernal: {} } }, "image.kernal", /unknown property/],
    [
      "an unknown format",
      { image: IMAGE, formats: ["kernel+initrd", "floppy"] },
      "formats[1]",
      /got "floppy", wanted one of "kernel\+initrd", "tar"/,
    ],
    ["a format twice", { image: IMAGE, formats: ["tar", "tar"] }, "formats[1]", /second time/],
    [
      "a format of LinuxKit's that is not supported",
      { image: IMAGE, formats: ["kernel+iso"] },
      "formats[0]",
      /got "kernel\+iso", wanted iso-bios .*boots nothing/,
    ],
    ["a disk of no size", { image: IMAGE, diskMiB: 0.5 }, "diskMiB", /got 0.5, wanted a whole number of MiB/],
    ["no format", { image: IMAGE, formats: [] }, "formats", /an empty list/],
    ["an unknown architecture", { image: IMAGE, arch: "x86" }, "arch", /got "x86", wanted one of "amd64", "arm64", "s390x"/],
    ["a name that leaves the folder", { image: IMAGE, name: "../web" }, "name", /file name/],
    ["an unknown update mode", { image: IMAGE, update: "never" }, "update", /got "never"/],
    ["a mirror that is not text", { image: IMAGE, debianMirror: 7 }, "debianMirror", /got 7/],
    [
      "a mirror that is not a URL",
      { image: IMAGE, registryMirrors: { "docker.io": "x" } },
      'registryMirrors["docker.io"]',
      /got "x", wanted an http:\/\/ or https:\/\/ URL/,
    ],
    ...["ftp://mirror.example/debian", "file:///srv/debian", "ann:word@mirror.example/debian", "https:mirror.example", "http:// x"].map(
      (url) =>
        [`a mirror at ${url}`, { image: IMAGE, debianMirror: url }, "debianMirror", /wanted an http:\/\/ or https:\/\/ URL/] as const,
    ),
    ["an SBOM option of another type", { image: IMAGE, sbom: "yes" }, "sbom", /got "yes", wanted true, false or \{ path, cyclonedx \}/],
    ["an SBOM that leaves the OS", { image: IMAGE, sbom: { path: "../sbom.json" } }, "sbom.path", /got "\.\.\/sbom\.json"/],
    [
      "a rule for signatures without registry",
      { image: IMAGE, verify: { linuxkit: "x" } },
      "verify.linuxkit",
      /begins with no registry, wanted one as "docker\.io\/linuxkit"/,
    ],
    [
      "a rule for signatures without key",
      { image: IMAGE, verify: { "docker.io": 7 } },
      'verify["docker.io"]',
      /got 7, wanted a public key as PEM/,
    ],
    [
      "a rule for signatures whose key is unreadable",
      { image: IMAGE, verify: { "docker.io": "cosign.pub" } },
      'verify["docker.io"]',
      /got no key, wanted one as PEM/,
    ],
    [
      "an unreadable key for Secure Boot",
      { ...SIGNED, secureBoot: { ...PAIR, key: "swordfish" } },
      "secureBoot.key",
      /^wanted an RSA key as PEM/,
    ],
    [
      "a key for Secure Boot without certificate",
      { ...SIGNED, secureBoot: { key: PAIR.key } },
      "secureBoot.certificate",
      /^missing, wanted text as PEM/,
    ],
    [
      "a certificate for another key",
      { ...SIGNED, secureBoot: { ...PAIR, certificate: makeKeyPair().certificate } },
      "secureBoot.certificate",
      /^it is for another key/,
    ],
    ["a misspelt part of Secure Boot", { ...SIGNED, secureBoot: { ...PAIR, cert: "x" } }, "secureBoot.cert", /unknown property/],
    [
      "Secure Boot by a word",
      { ...SIGNED, secureBoot: "swordfish" },
      "secureBoot",
      /^got a secret, wanted an object \{ key, certificate, passphrase\? \}/,
    ],
    [
      "Secure Boot without a program to sign",
      { image: IMAGE, secureBoot: PAIR },
      "secureBoot",
      /^there is no EFI program to sign in kernel\+initrd/,
    ],
    ["an artifact without digest", { artifact: "registry.example.com/os:1" }, "artifact", /wanted a digest, such as registry/],
    ["an artifact that is no text", { artifact: 7 }, "artifact", /got 7, wanted a string/],
    ["an image beside an artifact", { artifact: ARTIFACT, image: IMAGE }, "image", /has no effect beside artifact/],
    ["a format beside an artifact", { artifact: ARTIFACT, formats: ["tar"] }, "formats", /has no effect beside artifact/],
    ["a push to a digest", { image: IMAGE, push: ARTIFACT }, "push.to", /wanted a tag/],
    ["a push to nowhere", { image: IMAGE, push: {} }, "push.to", /missing/],
    ["a push with another option", { image: IMAGE, push: { to: "r.example/os:1", tag: "2" } }, "push.tag", /unknown property/],
    [
      "a push signed by no key",
      { image: IMAGE, push: { to: "r.example/os:1", sign: "swordfish" } },
      "push.sign",
      /^got no key, wanted one as PEM/,
    ],
    [
      "a push signed by no text",
      { image: IMAGE, push: { to: "r.example/os:1", sign: { key: 7 } } },
      "push.sign.key",
      /got a secret, wanted text as PEM/,
    ],
    [
      "a cache with a tag",
      { image: IMAGE, cache: { from: ["r.example/a", "r.example/b:1"] } },
      "cache.from[1]",
      /wanted a repository without tag/,
    ],
    ["a cache that is not an object", { image: IMAGE, cache: "r.example/a" }, "cache", /wanted an object \{ from\?, to\?, sign\? \}/],
    [
      "a cache signed by no key",
      { image: IMAGE, cache: { to: "r.example/a", sign: "swordfish" } },
      "cache.sign",
      /^got no key, wanted one as PEM/,
    ],
    [
      "a cache signed by no text",
      { image: IMAGE, cache: { to: "r.example/a", sign: { key: 7 } } },
      "cache.sign.key",
      /got a secret, wanted text as PEM/,
    ],
    ["a cache with another option", { image: IMAGE, cache: { form: "r.example/a" } }, "cache.form", /unknown property/],
    ["a misspelt property", { image: IMAGE, fromat: "tar" }, "fromat", /unknown property/],
  ];
  for (const [name, inputs, path, message] of bad) {
    test(`refuses ${name}`, async () => {
      const { failures } = await check(inputs);
      assert.deepEqual(
        failures.map((failure) => failure.path),
        [path],
      );
      assert.match(failures[0]?.message ?? "", message);
    });
  }

  test("accepts unknown values", async () => {
    const inputs: Properties = {
      image: { ...IMAGE, services: { web: { ...SERVICE, env: [UNKNOWN] } } },
      formats: UNKNOWN,
      debianMirror: UNKNOWN,
      registryMirrors: UNKNOWN,
      arch: UNKNOWN,
      sbom: { path: UNKNOWN },
      verify: { "docker.io": UNKNOWN },
      secureBoot: { key: UNKNOWN, certificate: PAIR.certificate },
    };
    assert.deepEqual((await check(inputs)).failures, []);
    assert.deepEqual((await check({ image: UNKNOWN })).failures, []);
    assert.deepEqual((await check({ artifact: UNKNOWN })).failures, []);
  });

  test("gives push one form", async () => {
    assert.deepEqual((await check({ image: IMAGE, push: "r.example/os:1" })).inputs.push, { to: "r.example/os:1" });
    const { inputs, failures } = await check({ image: IMAGE, push: { to: "r.example/os:1", sign: KEY } });
    assert.deepEqual([inputs.push, failures], [{ to: "r.example/os:1", sign: { key: KEY } }, []]);
    assert.deepEqual((await check(inputs)).inputs, inputs);
  });
});

describe("diff", () => {
  const diff = async (old: Properties, now: Properties) => {
    const [oldInputs, { inputs }] = [await checked(old), await check(now)];
    const { changed, drifted } = await (type.diff as NonNullable<typeof type.diff>)({
      ...subject,
      id: "web",
      inputs,
      oldInputs,
      oldOutputs: {} as never,
    });
    return { ...Object.fromEntries(changed), ...Object.fromEntries(drifted ?? []) };
  };

  test("nothing", async () => assert.deepEqual(await diff({ image: IMAGE }, { image: IMAGE, arch: "amd64" }), {}));
  test("one capability is one leaf, changed in place", async () => {
    const changed = { ...IMAGE, services: { web: { ...SERVICE, capabilities: ["CAP_SETUID"] } } };
    assert.deepEqual(await diff({ image: IMAGE }, { image: changed }), { "image.services.web.capabilities[0]": "update" });
  });
  const FILE = { contents: "x\n", mode: "0644", uid: 0, gid: 0 };
  const many = Array.from({ length: 3000 }, (_, index) => ({ path: `/app/${String(index).padStart(4, "0")}.js`, ...FILE }));
  const withFiles = (files: readonly Properties[]): Properties => ({ image: { ...IMAGE, files } });
  for (const [name, old, now, want] of [
    ["one file more among 3000 is one leaf", many, [{ path: "/a", ...FILE }, ...many], { "image.files./a": "update" }],
    ["one file less among 3000 is one leaf", [{ path: "/a", ...FILE }, ...many], many, { "image.files./a": "update" }],
    [
      "one text among 3000",
      [...many, { path: "/a", ...FILE }],
      [...many, { path: "/a", ...FILE, contents: "y\n" }],
      { "image.files./a.contents": "update" },
    ],
    [
      "another spelling of a path",
      [{ path: "etc/motd", ...FILE }],
      [{ path: "/etc/motd", ...FILE }],
      { "image.files./etc/motd.path": "update" },
    ],
    [
      "files that change places",
      [
        { path: "/a", ...FILE },
        { path: "/b", ...FILE },
      ],
      [
        { path: "/b", ...FILE },
        { path: "/a", ...FILE },
      ],
      { "image.fileOrder": "update" },
    ],
  ] as const) {
    test(name, async () => assert.deepEqual(await diff(withFiles(old), withFiles(now)), want));
  }
  test("a state of an earlier version has lists of files, which is no change", async () => {
    const debian = { role: "packages", packages: ["nginx-light"], dependencies: "slim", keep: [], users: [], groups: [] };
    const files = [
      { path: "/z", ...FILE },
      { path: "/a/b", ...FILE },
      { path: "c", ...FILE },
    ];
    const image = { ...IMAGE, files, services: { web: { image: { debian: { ...debian, files }, config: {} } } } } as Properties;
    const { inputs } = await check({ image });
    assert.ok(!Array.isArray((inputs.image as Properties).files), "the files are not keyed");
    const oldInputs = { ...inputs, image } as never;
    const request = { ...subject, id: "web", inputs, oldInputs, oldOutputs: {} as never };
    const { changed, drifted } = await (type.diff as NonNullable<typeof type.diff>)(request);
    assert.deepEqual([[...changed], drifted], [[], undefined]);
    // the builder gets what the program wrote
    await type.create({ ...work, inputs: inputs as never });
    assert.deepEqual(builder.calls.at(-1)?.definition, image);
  });
  test("no path that is secret becomes a key", async () => {
    const image = { ...IMAGE, files: [{ path: "/etc/swordfish", ...FILE }] };
    const isSecret = (path: string) => path === "image.files[0].path";
    const { inputs } = await (type.check as NonNullable<typeof type.check>)({ ...subject, inputs: { image }, isSecret });
    assert.deepEqual((inputs.image as Properties).files, image.files);
    const request = { ...subject, id: "web", inputs, oldInputs: { ...inputs, image: { ...image, files: [] } } as never };
    const { changed } = await (type.diff as NonNullable<typeof type.diff>)({ ...request, oldOutputs: {} as never, isSecret });
    assert.ok(![...changed.keys()].join().includes("swordfish"), [...changed.keys()].join());
  });
  test("where bytes come from is no change", async () => {
    const now = {
      image: IMAGE,
      debianMirror: "http://127.0.0.1/debian",
      registryMirrors: { "docker.io": "http://127.0.0.1" },
      cache: { from: "r.example/a", to: "r.example/a" },
    };
    assert.deepEqual(await diff({ image: IMAGE }, now), {});
  });
  test("another architecture is an update too: a replacement would lose the lock", async () => {
    assert.deepEqual(await diff({ image: IMAGE }, { image: IMAGE, arch: "arm64" }), { arch: "update" });
  });
  test("update: always asks each time", async () => {
    assert.deepEqual(await diff({ image: IMAGE, update: "always" }, { image: IMAGE, update: "always" }), { update: "update" });
  });
  test("where it is published", async () => {
    assert.deepEqual(await diff({ image: IMAGE }, { image: IMAGE, push: "r.example/os:1" }), { push: "update" });
    assert.deepEqual(await diff({ image: IMAGE, push: "r.example/os:1" }, { image: IMAGE, push: "r.example/os:2" }), {
      "push.to": "update",
    });
  });
  test("a local image that was rebuilt", async () => {
    const image = { ...IMAGE, services: { web: { ...SERVICE, image: "oci:./x:tag" } } };
    const at = (digit: string) => ({ image, localImages: { "oci:./x:tag": `sha256:${digit.repeat(64)}` } });
    assert.deepEqual(await diff(at("a"), at("b")), { 'localImages["oci:./x:tag"]': "update" });
  });
});

describe("preview", () => {
  const previewed = async (old: Properties | undefined, now: Properties) => {
    const { inputs } = await check(now);
    const oldInputs = old && (await checked(old));
    const outputs = oldInputs && (await type.create({ ...work, inputs: oldInputs })).outputs;
    const seen = await type.preview?.({
      ...subject,
      inputs,
      ...(oldInputs && outputs && { old: { id: "web", inputs: oldInputs, outputs } }),
    });
    return { seen, outputs };
  };
  const changed = { ...IMAGE, kernel: { image: "docker.io/linuxkit/kernel:6.6", cmdline: "quiet" } };
  const explained = async (old: Properties, now: Properties, secretPaths: readonly string[] = []): Promise<string | undefined> => {
    const [oldInputs, { inputs }] = [await checked(old), await check(now)];
    const { outputs } = await type.create({ ...work, inputs: oldInputs });
    let text: string | undefined;
    await type.preview?.({
      ...subject,
      inputs,
      old: { id: "web", inputs: oldInputs, outputs },
      explain: (said) => void (text = said),
      isSecret: (path) => secretPaths.includes(path),
    });
    return text;
  };
  const withEnv = (value: Value) => ({ image: { ...IMAGE, services: { web: { ...IMAGE.services.web, env: [value] } } } });

  const text = (contents: string): Properties => ({ path: "/etc/motd", contents, mode: "0644", uid: 0, gid: 0 });
  const stored = (contents: string): Properties => {
    const bytes = Buffer.from(contents);
    const digest = digestOf(bytes);
    const place = new BlobStore(cacheDir).path(digest);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
    return { path: "/etc/motd", sha256: hexOf(digest), size: bytes.length, mode: "0644", uid: 0, gid: 0 };
  };
  const long = Array.from({ length: 1000 }, (_, index) => `line ${index}\n`).join("");
  const shown = /contents of \/etc\/motd changed\n {6}@@ -\d+,6 \+\d+,7 @@\n(?: {7}line \d+\n){3} {6}\+one more\n(?: {7}line \d+\n?){3}/;

  for (const [name, old, now, secretPaths, want] of [
    [
      "the lines of a text that the definition has",
      { image: { ...IMAGE, files: [text(long.slice(0, 200))] } },
      { image: { ...IMAGE, files: [text(long.slice(0, 200).replace("line 9\n", "one more\nline 9\n"))] } },
      [],
      shown,
    ],
    [
      "the lines of a text that the cache has",
      { image: { ...IMAGE, files: [stored(long)] } },
      { image: { ...IMAGE, files: [stored(long.replace("line 500\n", "one more\nline 500\n"))] } },
      [],
      shown,
    ],
    [
      "bytes that are no text",
      { image: { ...IMAGE, files: [stored(`\0${long}`)] } },
      { image: { ...IMAGE, files: [stored(`\0\0${long}`)] } },
      [],
      /contents of \/etc\/motd changed from sha256:[0-9a-f]{12}…, 8891 bytes to sha256:[0-9a-f]{12}…, 8892 bytes$/,
    ],
    [
      "a text that is secret",
      { image: { ...IMAGE, files: [text("horse\n")] } },
      { image: { ...IMAGE, files: [text("horse\nbattery\n")] } },
      ["image.files./etc/motd.contents"],
      /^1 change inside the OS: 1 neutral\n(?!.*(?:horse|battery))/s,
    ],
    ["nothing that changes", { image: IMAGE }, { image: IMAGE }, [], undefined],
    ["only the name that changes", { image: IMAGE }, { image: IMAGE, name: "shop" }, [], undefined],
    [
      "a variable",
      withEnv("A=1"),
      withEnv("A=2"),
      [],
      /^1 change inside the OS: 1 neutral\n\nChanges\n {2}services\.web: environment variable A changed from 1 to 2$/,
    ],
    ["a variable that is not known yet", withEnv("A=1"), withEnv(UNKNOWN), [], undefined],
    [
      "another secret",
      withEnv("horse"),
      withEnv("battery"),
      ["image.services.web.env[0]"],
      /^2 changes inside the OS: 2 neutral\n(?!.*(?:horse|battery))/s,
    ],
    ["the same secret", withEnv("horse"), withEnv("horse"), ["image.services.web.env[0]"], undefined],
  ] as const) {
    test(`explains ${name}`, async () => {
      const text = await explained(old as Properties, now as Properties, secretPaths);
      if (want === undefined) assert.equal(text, undefined);
      else assert.match(text ?? "", want);
    });
  }

  test("says which versions move, or that none does, or why it does not know; what does not move is known", async () => {
    const image = { ...IMAGE, services: { web: { ...SERVICE, image: "docker.io/unseen/app:1" } } };
    const { inputs } = await check({ image, update: "always" });
    const { outputs } = await type.create({ ...work, inputs: inputs as never });
    const looked = async () => {
      let text = "";
      const old = { id: "web", inputs: inputs as never, outputs };
      const seen = await type.preview?.({ ...subject, inputs, old, explain: (said) => void (text = said) });
      return { text, digest: seen?.digest, lock: seen?.lock, cmdline: seen?.cmdline };
    };
    const { lock, cmdline } = outputs;
    const none = await looked();
    assert.deepEqual(none, { text: "no newer version of a package or an image was found", digest: outputs.digest, lock, cmdline });
    const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;
    builder.newer = { ...lock, images: { "docker.io/unseen/app:1": digest("2") } };
    const moved = await looked();
    assert.match(moved.text, /^1 change inside the OS: 1 neutral\n\nChanges\n {2}services\.web: digest of the image added: sha256:2/);
    assert.deepEqual([moved.digest, moved.cmdline], [UNKNOWN, cmdline]);
    delete builder.newer;
    builder.mood = "fails";
    const failed = await looked();
    builder.mood = "good";
    assert.equal(failed.text, "newer versions could not be looked up: NETWORK: the mirror does not answer");
    assert.equal(failed.lock, UNKNOWN);
  });

  test("of a new one knows its architecture", async () => {
    const { seen } = await previewed(undefined, { image: IMAGE });
    assert.deepEqual([seen?.arch, seen?.digest, seen?.planDigest, seen?.lock], ["amd64", UNKNOWN, UNKNOWN, UNKNOWN]);
  });
  test("of a format of one EFI program has registers, of another none", async () => {
    assert.equal((await previewed(undefined, SIGNED)).seen?.pcrs, UNKNOWN);
    assert.ok(!("pcrs" in ((await previewed(undefined, { image: IMAGE })).seen ?? {})));
  });
  test("of a change knows what can be planned offline", async () => {
    const { seen, outputs } = await previewed({ image: IMAGE }, { image: changed });
    assert.deepEqual([seen?.digest, seen?.cmdline, seen?.path], [UNKNOWN, "quiet", UNKNOWN]);
    assert.match(String(seen?.planDigest), /^sha256:/);
    assert.notEqual(seen?.planDigest, outputs?.planDigest);
  });
  test("of a change that makes no other bytes knows all", async () => {
    const { seen, outputs } = await previewed({ image: IMAGE }, { image: { ...IMAGE, volumes: { data: { readonly: true } } } });
    assert.deepEqual(seen, outputs);
  });
  const unknown: readonly (readonly [string, Properties])[] = [
    ["an image that cannot be planned", { image: { ...IMAGE, services: { web: { image: "docker.io/unseen/x" } } } }],
    ["an unknown leaf", { image: { ...IMAGE, services: { web: { ...SERVICE, env: [UNKNOWN] } } } }],
  ];
  for (const [name, now] of unknown) {
    test(`of ${name} knows nothing`, async () => {
      const { seen } = await previewed({ image: IMAGE }, now);
      assert.deepEqual([seen?.digest, seen?.planDigest], [UNKNOWN, UNKNOWN]);
    });
  }
  test("of another key knows the plan alone, of the same one all", async () => {
    const other = await previewed(SIGNED, { ...SIGNED, secureBoot: makeKeyPair() });
    assert.deepEqual([other.seen?.digest, other.seen?.planDigest], [UNKNOWN, other.outputs?.planDigest]);
    const { seen, outputs } = await previewed(SIGNED, { ...SIGNED, secureBoot: { ...PAIR } });
    assert.deepEqual(seen, outputs);
  });
  test("of another format knows the plan alone", async () => {
    const { seen, outputs } = await previewed({ image: IMAGE }, { image: IMAGE, formats: ["tar"] });
    assert.deepEqual([seen?.digest, seen?.planDigest], [UNKNOWN, outputs?.planDigest]);
  });
  test("of another name knows that the bytes stay", async () => {
    const { seen, outputs } = await previewed({ image: IMAGE }, { image: IMAGE, name: "shop" });
    assert.deepEqual([seen?.digest, seen?.planDigest], [outputs?.digest, outputs?.planDigest]);
  });
  test("of another tag knows all but where it will be", async () => {
    const { seen, outputs } = await previewed({ image: IMAGE, push: "r.example/os:1" }, { image: IMAGE, push: "r.example/os:2" });
    assert.match(outputs?.pushed ?? "", /^r\.example\/os:1@sha256:/);
    assert.deepEqual(seen, { ...outputs, pushed: UNKNOWN });
    const less = await previewed({ image: IMAGE, push: "r.example/os:1" }, { image: IMAGE });
    assert.equal(less.seen?.pushed, undefined);
    assert.equal(less.seen?.digest, less.outputs?.digest);
  });
  test("of an artifact knows what it knew, while it is the same", async () => {
    const { seen, outputs } = await previewed(
      { artifact: ARTIFACT },
      { artifact: ARTIFACT, registryMirrors: { "docker.io": "http://127.0.0.1" } },
    );
    assert.deepEqual(seen, outputs);
    assert.equal((await previewed({ artifact: ARTIFACT }, { artifact: ARTIFACT.replace("5", "6") })).seen?.digest, UNKNOWN);
    assert.equal((await previewed({ image: IMAGE }, { artifact: ARTIFACT })).seen?.digest, UNKNOWN);
  });
  test("builds nothing", async () => {
    const before = builder.calls.length;
    await previewed(undefined, { image: changed });
    assert.equal(builder.calls.length, before);
  });
});
