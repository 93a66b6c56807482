import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { basic } from "../../sdk/net/login.ts";
import { chooseMirrors, mirrorAuthorization, type MirrorOptions } from "../../sdk/debian/mirror.ts";

const made: string[] = [];
after(() => Promise.all(made.map((directory) => rm(directory, { recursive: true }))));

async function apt(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "apt-"));
  made.push(directory);
  await mkdir(join(directory, "sources.list.d"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

const DEB822 = `# a comment
Types: deb
URIs: http://mirror.test/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb deb-src
URIs: http://security.test/debian-security
Suites: bookworm-security
Components: main
`;

describe("mirrors are chosen", () => {
  const rows: readonly {
    name: string;
    files: Record<string, string>;
    options?: MirrorOptions;
    wanted: { debian: string; security: string; snapshot?: string; logins?: ReadonlyMap<string, string> };
  }[] = [
    {
      name: "deb822 sources",
      files: { "sources.list.d/debian.sources": DEB822 },
      wanted: { debian: "http://mirror.test/debian", security: "http://security.test/debian-security" },
    },
    {
      name: "one-line sources, with options",
      files: {
        "sources.list":
          "# deb http://no.test/debian bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] https://one.test/debian bookworm main\ndeb https://two.test/sec bookworm-security main\ndeb-src https://src.test/debian bookworm main\n",
      },
      wanted: { debian: "https://one.test/debian", security: "https://two.test/sec" },
    },
    {
      name: "another suite's mirror",
      files: { "sources.list.d/a.list": "deb http://other.test/debian trixie main\n" },
      wanted: { debian: "http://other.test/debian", security: "http://other.test/debian-security" },
    },
    {
      name: "bookworm's mirror before another suite's",
      files: { "sources.list": "deb http://a.test/debian sid main\ndeb http://b.test/deb/debian bookworm main\n" },
      wanted: { debian: "http://b.test/deb/debian", security: "http://b.test/deb/debian-security" },
    },
    {
      name: "disabled sources are not used",
      files: { "sources.list": "deb http://b.test/debian bookworm main\n", "sources.list.d/a.sources": `Enabled: no\n${DEB822.slice(12)}` },
      wanted: { debian: "http://b.test/debian", security: "http://security.test/debian-security" },
    },
    {
      name: "options before the host's sources",
      files: { "sources.list.d/debian.sources": DEB822 },
      options: { mirror: "http://mine.test/debian/" },
      wanted: { debian: "http://mine.test/debian", security: "http://mine.test/debian-security" },
    },
    {
      name: "all mirrors in options",
      files: {},
      options: { mirror: "http://mine.test/d", securityMirror: "http://mine.test/s", snapshotMirror: "http://old.test/debian" },
      wanted: { debian: "http://mine.test/d", security: "http://mine.test/s", snapshot: "http://old.test/debian" },
    },
    {
      name: "a login, which is no part of the URL",
      files: {},
      options: { mirror: "https://me:p%40ss%@mine.test/debian/", snapshotMirror: "http://token@old.test/debian" },
      wanted: {
        debian: "https://mine.test/debian",
        security: "https://mine.test/debian-security",
        snapshot: "http://old.test/debian",
        logins: new Map([
          ["https://mine.test/debian", basic({ username: "me", password: "p%40ss%" })],
          ["https://mine.test/debian-security", basic({ username: "me", password: "p%40ss%" })],
          ["http://old.test/debian", basic({ username: "token", password: "" })],
        ]),
      },
    },
    {
      name: "a login in the host's sources",
      files: { "sources.list": "deb https://me:p%40ss@one.test/debian bookworm main\n" },
      wanted: {
        debian: "https://one.test/debian",
        security: "https://one.test/debian-security",
        logins: new Map(["", "-security"].map((end) => [`https://one.test/debian${end}`, basic({ username: "me", password: "p@ss" })])),
      },
    },
  ];
  for (const { name, files, options, wanted } of rows) {
    test(name, async () => assert.deepEqual(await chooseMirrors({ ...options, aptDirectory: await apt(files) }), wanted));
  }
});

test("a file of a mirror is asked for with that mirror's login alone", async () => {
  const options = {
    mirror: "https://a:1@mine.test/debian",
    securityMirror: "https://b:2@mine.test/sec",
    snapshotMirror: "https://old.test/d",
  };
  const authorization = mirrorAuthorization(await chooseMirrors(options));
  const rows: [url: string, username: string | undefined, password: string][] = [
    ["https://mine.test/debian/pool/x.deb", "a", "1"],
    ["https://mine.test/sec/dists/x", "b", "2"],
    ["https://mine.test/debian-other/x", undefined, ""],
    ["https://old.test/d/x", undefined, ""],
    ["http://mine.test/debian/x", undefined, ""],
  ];
  for (const [url, username, password] of rows)
    assert.equal(authorization(new URL(url)), username === undefined ? undefined : basic({ username, password }), url);
});

describe("no message shows a mirror's login", () => {
  for (const mirror of [
    "ftp://me:swordfish@host/debian",
    "http://me:sword@fish@host/d",
    "me:swordfish@host/debian",
    "http://me:swordfish@a b/debian",
  ])
    test(mirror.replace("swordfish", "…"), async () => {
      await assert.rejects(chooseMirrors({ mirror, aptDirectory: await apt({}) }), (error) => !/sword|fish/.test((error as Error).message));
    });
});

describe("an unknown mirror is an error that says what to set", () => {
  test("a host without sources", async () => {
    await assert.rejects(
      chooseMirrors({ aptDirectory: await apt({ "sources.list": "deb cdrom:[x]/ bookworm main\n" }) }),
      (error) =>
        isLinuxKitError(error, "NO_MIRROR") && /set `mirror` in code or the configuration value `debianMirror`/.test(error.message),
    );
  });
  test("a mirror whose security archive is unknown", async () => {
    await assert.rejects(
      chooseMirrors({ mirror: "http://mine.test/d", aptDirectory: await apt({}) }),
      (error) => isLinuxKitError(error, "NO_MIRROR") && /set securityMirror/.test(error.message),
    );
  });
  test("a mirror that is not a URL", async () => {
    await assert.rejects(
      chooseMirrors({ mirror: "mine.test/debian" }),
      (error) => isLinuxKitError(error, "INVALID_DEFINITION") && /mirror: got "mine.test\/debian"/.test(error.message),
    );
  });
});
