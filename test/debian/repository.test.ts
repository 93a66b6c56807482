import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isLinuxKitError, type LinuxKitErrorCode } from "../../sdk/core/errors.ts";
import { inspect } from "node:util";
import { ensureDebs } from "../../sdk/debian/fetch-debs.ts";
import { lockPackages } from "../../sdk/debian/lock-packages.ts";
import { debian } from "../../sdk/index.ts";
import { DebianMirror, newKey } from "../support/debian-mirror.ts";
import { debianFixture } from "../support/debian-fixture.ts";

let mirror: DebianMirror;
before(async () => {
  mirror = await DebianMirror.start([
    { name: "nginx-light", version: "1.22.1-9" },
    { name: "nginx-light", version: "1.22.1-9+deb12u1", suite: "bookworm-security" },
    { name: "chrony", version: "4.3-2", fields: { Provides: "time-daemon, ntp (= 4)" } },
    { name: "ntpsec", version: "1.2-1", fields: { Provides: "time-daemon, ntp (= 1)" } },
    { name: "debian-archive-keyring", architecture: "all", files: { "usr/share/keyrings/debian-archive-keyring.gpg": Buffer.alloc(0) } },
  ]);
});
after(() => mirror.stop());

async function code(wanted: LinuxKitErrorCode, message: RegExp, run: () => Promise<unknown>): Promise<void> {
  await assert.rejects(run, (error) => isLinuxKitError(error, wanted) && message.test(error.message), String(message));
}

describe("a good mirror", () => {
  test("has the newest version of all suites, and its archive", async () => {
    await using fixture = await debianFixture(mirror);
    const repository = await fixture.open();
    const versions = await repository.versions("nginx-light");
    assert.deepEqual(
      versions.map(({ version, archive }) => [version, archive]),
      [
        ["1.22.1-9+deb12u1", "security"],
        ["1.22.1-9", "debian"],
      ],
    );
    assert.equal((await repository.newest("nginx-light")).version, "1.22.1-9+deb12u1");
  });
  test("fetches each index once", async () => {
    await using fixture = await debianFixture(mirror);
    await fixture.open();
    const asked = mirror.requests.length;
    const repository = await fixture.open();
    assert.equal((await repository.newest("chrony")).version, "4.3-2");
    assert.deepEqual(mirror.requests.slice(asked).sort(), [
      "debian-security/dists/bookworm-security/InRelease",
      "debian/dists/bookworm-updates/InRelease",
      "debian/dists/bookworm/InRelease",
    ]);
  });
  test("an index with a missing file is written again", async () => {
    await using fixture = await debianFixture(mirror);
    await fixture.open();
    const folder = join(fixture.cacheDir, "indexes");
    for (const name of await readdir(folder)) if (name.endsWith(".table")) await rm(join(folder, name));
    assert.equal((await (await fixture.open()).newest("chrony")).version, "4.3-2");
  });
  test("finds virtual packages by name, and by version only if they have one", async () => {
    await using fixture = await debianFixture(mirror);
    const repository = await fixture.open();
    const names = async (relation?: ">=", version?: string) =>
      (await repository.meeting(relation ? { name: "ntp", relation, version: version as string } : { name: "time-daemon" })).map(
        ({ name }) => name,
      );
    assert.deepEqual(await names(), ["chrony", "ntpsec"]);
    assert.deepEqual(await names(">=", "2"), ["chrony"]);
  });
  test("for an unknown package, suggests a similar name or providers of a virtual package", async () => {
    await using fixture = await debianFixture(mirror);
    const repository = await fixture.open();
    await code("NOT_FOUND", /no package "nginx-ligth" for amd64: did you mean "nginx-light"\?/, () => repository.newest("nginx-ligth"));
    await code("NOT_FOUND", /"time-daemon" for amd64: it is virtual, wanted a package that provides it, such as chrony, ntpsec/, () =>
      repository.newest("time-daemon"),
    );
  });
  test("gets the login of its URL, which no message shows", async () => {
    await using fixture = await debianFixture(mirror);
    const withLogin = (login: string) => ({ ...fixture.options, mirror: fixture.options.mirror.replace("://", `://${login}@`) });
    mirror.login = "me:sword:f@sh";
    try {
      const options = withLogin("me:sword:f%40sh");
      const image = debian.packages({ packages: ["chrony"], dependencies: "all" });
      const { packages } = await lockPackages(image, await fixture.open(options), options);
      await ensureDebs(packages, options);
      const gone = packages.map((deb) => ({ ...deb, sha256: "0".repeat(64), filename: "pool/gone.deb" }));
      const tries = [
        () => ensureDebs(gone, options),
        () => fixture.open(withLogin("me:swordfish")),
        () => fixture.open({ ...withLogin("me:swordfish"), mirror: `http://me:swordfish@127.0.0.1:1/debian` }),
      ];
      for (const act of tries) await assert.rejects(act, (error) => !/swordf|f%40sh|f@sh/.test(inspect(error, { depth: 9 })), String(act));
      await code("ACCESS_DENIED", /the mirror does not accept the credentials: 401/, tries[1] as () => Promise<unknown>);
    } finally {
      mirror.login = undefined;
    }
  });
  test("reads keys from the mirror's package if the host has none", async () => {
    await using other = await DebianMirror.start();
    const keyring = Buffer.from(other.key.toPublic().write());
    await other.add({
      name: "debian-archive-keyring",
      architecture: "all",
      files: { "usr/share/keyrings/debian-archive-keyring.gpg": keyring },
    });
    await other.publish();
    await using fixture = await debianFixture(other);
    assert.equal((await (await fixture.open({ keyring: async () => undefined })).newest("debian-archive-keyring")).version, "1.0-1");
  });
});

describe("unsigned or changed data is refused", () => {
  test("keys from the mirror that are not trusted", async () => {
    await using other = await DebianMirror.start();
    await other.add({
      name: "debian-archive-keyring",
      architecture: "all",
      files: { "usr/share/keyrings/debian-archive-keyring.gpg": Buffer.from(other.key.toPublic().write()) },
    });
    await other.publish();
    await using fixture = await debianFixture(other);
    await code("SIGNATURE_INVALID", /no trusted key in the host's keyring/, () =>
      fixture.open({ keyring: async () => undefined, fingerprints: [mirror.fingerprint] }),
    );
  });

  const rows: readonly { name: string; publish: Parameters<DebianMirror["publish"]>[1]; message: RegExp }[] = [
    {
      name: "a changed word",
      publish: { alter: (text) => text.replace("Architectures: amd64", "Architectures: amd64 arm64") },
      message: /bookworm\/InRelease: no valid signature by a trusted key/,
    },
    {
      name: "no signature",
      publish: { alter: (text) => text.replace(/^[\s\S]*?\n\n/, "").replace(/-----BEGIN PGP SIG[\s\S]*/, "") },
      message: /not a signed message/,
    },
    {
      name: "expired",
      publish: { validUntil: "Sat, 31 May 2025 12:00:00 UTC" },
      message: /valid until 2025-05-31T12:00:00.000Z, but it is 2025-06-01T00:00:00.000Z/,
    },
    {
      name: "older than this version of the library, without Valid-Until",
      publish: { date: "Sat, 10 Jun 2023 08:54:46 UTC" },
      message: /written 2023-06-10T08:54:46\.000Z, wanted 2026-07-11T10:16:37\.000Z or later: the mirror is stale/,
    },
    { name: "another suite", publish: { codename: "trixie" }, message: /got the suite "trixie", wanted "bookworm"/ },
  ];
  for (const { name, publish, message } of rows) {
    test(name, async () => {
      await mirror.publish("bookworm", publish ?? {});
      await using fixture = await debianFixture(mirror);
      await code("SIGNATURE_INVALID", message, () => fixture.open());
      await mirror.publish("bookworm");
    });
  }
  test("a signature by a key that is not trusted", async () => {
    await mirror.publish("bookworm-security", { key: await newKey() });
    await using fixture = await debianFixture(mirror);
    await code("SIGNATURE_INVALID", /bookworm-security\/InRelease: no valid signature/, () => fixture.open());
    await mirror.publish("bookworm-security");
  });
  test("text before the signed text is ignored", async () => {
    await mirror.publish("bookworm", {
      alter: (text) => `Codename: bookworm\nSHA256:\n ${"0".repeat(64)} 1 main/binary-amd64/Packages.xz\n\n${text}`,
    });
    await using fixture = await debianFixture(mirror);
    const outcome = await fixture.open().then(
      async (repository) => (await repository.newest("chrony")).version,
      (error: unknown) => error,
    );
    assert.ok(outcome === "4.3-2" || isLinuxKitError(outcome, "SIGNATURE_INVALID"), String(outcome));
    await mirror.publish("bookworm");
  });
  test("an InRelease that is still valid is accepted", async () => {
    await mirror.publish("bookworm", { validUntil: "Sun, 01 Jun 2025 00:00:01 UTC" });
    await using fixture = await debianFixture(mirror);
    await fixture.open();
    await mirror.publish("bookworm");
  });
  test("an InRelease older than one that was seen", async () => {
    await using fixture = await debianFixture(mirror);
    for (const suite of ["bookworm", "bookworm-security"] as const) {
      await mirror.publish(suite, { date: "Mon, 20 Jul 2026 00:00:00 UTC" });
      await fixture.open();
      await mirror.publish(suite, { date: "Sun, 19 Jul 2026 23:59:59 UTC" });
      await code("SIGNATURE_INVALID", /written 2026-07-19T23:59:59\.000Z, but one of 2026-07-20T00:00:00\.000Z was seen before/, () =>
        fixture.open(),
      );
      await mirror.publish(suite, { date: "Mon, 20 Jul 2026 00:00:00 UTC" });
      await fixture.open();
    }
    await mirror.publish("bookworm");
    await mirror.publish("bookworm-security");
  });
  test("an InRelease without a date", async () => {
    await mirror.publish("bookworm", { date: "soon" });
    await using fixture = await debianFixture(mirror);
    await code("CORRUPT", /bookworm\/InRelease: Date: got "soon", wanted a date/, () => fixture.open());
    await mirror.publish("bookworm");
  });
  test("an index in the cache that others changed is written again", async () => {
    await using fixture = await debianFixture(mirror);
    const version = async () => (await (await fixture.open()).newest("nginx-light")).version;
    assert.equal(await version(), "1.22.1-9+deb12u1");
    const indexes = join(fixture.cacheDir, "indexes");
    for (const ending of [".packages", ".table"]) {
      for (const file of (await readdir(indexes)).filter((name) => name.endsWith(ending))) {
        const text = await readFile(join(indexes, file), "utf8");
        await writeFile(join(indexes, file), text.replaceAll("1.22.1-9", "1.22.1-8").replaceAll("nginx-light", "nginx-night"));
      }
      assert.equal(await version(), "1.22.1-9+deb12u1", ending);
    }
  });
  test("an index with another digest than the signed one", async () => {
    const file = mirror.file("debian/dists/bookworm/main/binary-amd64/Packages.xz");
    const whole = await readFile(file);
    await using fixture = await debianFixture(mirror);
    await writeFile(file, Buffer.concat([whole.subarray(0, -4), Buffer.from("evil")]));
    await code("DIGEST_MISMATCH", /Packages\.xz: got sha256:/, () => fixture.open());
    await writeFile(file, whole.subarray(0, -4));
    await code("SIZE_MISMATCH", /Packages\.xz: got \d+ bytes, wanted \d+/, () => fixture.open());
    await writeFile(file, whole);
    await fixture.open();
  });
  test("a suite without the architecture is skipped, such as security for s390x", async () => {
    await mirror.publish("bookworm-security", { architectures: "arm64" });
    await using fixture = await debianFixture(mirror);
    assert.equal((await (await fixture.open()).newest("nginx-light")).version, "1.22.1-9");
    await mirror.publish("bookworm-security");
  });
});

describe("connections that fail", () => {
  const index = "binary-amd64/Packages.xz";
  test("a broken download continues where it broke", async () => {
    let times = 0;
    const ranges: (string | undefined)[] = [];
    mirror.faults.set("debian/dists/bookworm/main/binary-amd64/Packages.xz", (request, response, body) => {
      ranges.push(request.headers.range);
      if (++times > 2) return false;
      const from = times === 1 ? 0 : 10;
      response.writeHead(times === 1 ? 200 : 206, {
        "content-length": body.length - from,
        ...(from > 0 && { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` }),
      });
      response.write(body.subarray(from, from + 10), () => response.destroy());
      return true;
    });
    await using fixture = await debianFixture(mirror);
    await fixture.open();
    assert.deepEqual(ranges, [undefined, "bytes=10-", "bytes=20-"]);
    mirror.faults.clear();
  });
  test("a server without ranges sends the whole file again", async () => {
    let times = 0;
    mirror.faults.set(index, (_, response, body) => {
      times++;
      response.writeHead(200, { "content-length": body.length });
      if (times > 1) response.end(body);
      else response.write(body.subarray(0, 10), () => response.destroy());
      return true;
    });
    await using fixture = await debianFixture(mirror);
    assert.equal((await (await fixture.open()).newest("chrony")).version, "4.3-2");
    mirror.faults.clear();
  });
  test("a temporary refusal is retried, a permanent one has its code", async () => {
    let times = 0;
    mirror.faults.set("bookworm/InRelease", (_, response) => {
      if (++times > 2) return false;
      response.writeHead(503).end();
      return true;
    });
    await using fixture = await debianFixture(mirror);
    await fixture.open();
    mirror.faults.set("bookworm/InRelease", (_, response) => !!response.writeHead(503).end());
    await code("NETWORK", /InRelease: the mirror answered 503 \(http:.*\/bookworm\/InRelease\)/, () => fixture.open());
    mirror.faults.set("bookworm/InRelease", (_, response) => !!response.writeHead(403).end());
    await code("ACCESS_DENIED", /InRelease: the credentials lack permission: 403 \(/, () => fixture.open());
    mirror.faults.set("bookworm/InRelease", (_, response) => !!response.writeHead(404).end());
    await code("NOT_FOUND", /InRelease does not exist: 404 \(/, () => fixture.open());
    mirror.faults.clear();
  });
  test("a silent server ends with the timeout", async () => {
    mirror.faults.set("bookworm/InRelease", () => true);
    await using fixture = await debianFixture(mirror);
    await code("TIMEOUT", /InRelease: no answer within 0\.05 seconds/, () =>
      fixture.open({ timeoutSeconds: 0.05, retry: { attempts: 2, baseMs: 1 } }),
    );
    mirror.faults.clear();
  });
  test("an aborted signal cancels", async () => {
    await using fixture = await debianFixture(mirror);
    const controller = new AbortController();
    mirror.faults.set("bookworm/InRelease", () => {
      controller.abort();
      return true;
    });
    await code("CANCELLED", /InRelease was cancelled/, () => fixture.open({ signal: controller.signal }));
    mirror.faults.clear();
  });
});
