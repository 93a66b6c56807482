import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { isLinuxKitError, type LinuxKitErrorCode } from "../../sdk/core/errors.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import { ensureDebs } from "../../sdk/debian/fetch-debs.ts";
import { debian } from "../../sdk/debian/images.ts";
import type { LockedDebian } from "../../sdk/debian/locked.ts";
import { DebianMirror } from "../support/debian-mirror.ts";
import { debianFixture } from "../support/debian-fixture.ts";
import { elfFile } from "../support/elf-file.ts";

const LOADER = "/lib64/ld-linux-x86-64.so.2";
const LIB = "usr/lib/x86_64-linux-gnu";

let mirror: DebianMirror;
before(async () => {
  mirror = await DebianMirror.start([
    {
      name: "web-light",
      architecture: "all",
      fields: { Source: "web", Depends: "web (>= 1), web-extra" },
      files: { "usr/share/doc/web-light/copyright": "x" },
    },
    {
      name: "web",
      fields: { Depends: "web-common (= 1.0-1), libz1, libc6 (>= 1), adduser, libodd-data | libodd9", "Pre-Depends": "init-helpers" },
      files: {
        "usr/sbin/web": elfFile({ interpreter: LOADER, needed: ["libz.so.1", "libodd.so.4", "libc.so.6"] }),
        "usr/lib/web/plugin.so": elfFile({ needed: ["libprivate.so.2"], runpath: "$ORIGIN/private" }),
        "usr/lib/web/private/libprivate.so.2": elfFile({ soname: "libprivate.so.2", needed: ["libc.so.6"] }),
        "etc/init.d/web": "#!/bin/sh\n",
        "lib/systemd/system/web.service": "[Unit]\n",
        "usr/share/man/man8/web.8.gz": "man",
      },
      control: { postinst: "#!/bin/sh\nexit 1\n", conffiles: "/etc/init.d/web\n" },
    },
    {
      name: "web-common",
      architecture: "all",
      fields: { Source: "web (0.9)", Depends: "debconf | debconf-2.0", Replaces: "web (<< 0.5)" },
      files: {
        "etc/web/web.conf": "port 80\n",
        "var/lib/web": "/",
        "usr/share/locale/de/web.mo": "de",
        "usr/lib/sysusers.d/web.conf": 'u webd - "Web" /var/lib/web\ng watchers -\nm webd watchers\n',
      },
    },
    { name: "web-extra", architecture: "all", fields: { Source: "other" }, files: { "usr/share/web-extra/page": "hello" } },
    {
      name: "libz1",
      fields: { Depends: "libc6" },
      files: {
        [`lib/x86_64-linux-gnu/libz.so.1.3`]: elfFile({ soname: "libz.so.1", needed: ["libc.so.6"] }),
        "lib/x86_64-linux-gnu/libz.so.1": "-> libz.so.1.3",
        [`${LIB}/libz-extra.so.1`]: elfFile({ soname: "libz-extra.so.1" }),
        "usr/share/doc/libz1/copyright": "x",
      },
    },
    { name: "libodd-data", fields: { Depends: "libodd-compat" }, files: { "usr/share/odd": "odd" } },
    {
      name: "libodd-compat",
      fields: { Depends: "libc6" },
      files: { [`${LIB}/libodd.so.4`]: elfFile({ soname: "libodd.so.4", needed: ["libm.so.6"] }) },
    },
    {
      name: "libc6",
      files: {
        "lib/x86_64-linux-gnu/libc.so.6": elfFile({ soname: "libc.so.6", needed: ["ld-linux-x86-64.so.2"] }),
        "lib/x86_64-linux-gnu/libm.so.6": elfFile({ soname: "libm.so.6", needed: ["libc.so.6"] }),
        "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": elfFile({ soname: "ld-linux-x86-64.so.2" }),
        "lib64/ld-linux-x86-64.so.2": "-> /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
        [`${LIB}/gconv/KOI8.so`]: elfFile({ needed: ["libc.so.6"] }),
      },
    },
    { name: "adduser", architecture: "all", files: { "usr/sbin/adduser": "#!/usr/bin/perl\n" } },
    { name: "init-helpers", architecture: "all", files: { "usr/bin/helper": "#!/bin/sh\n" } },
    { name: "cdebconf", fields: { Provides: "debconf-2.0" }, files: { "usr/bin/cdebconf": "x" } },
    { name: "broken", fields: { Depends: "web (>= 2) | nowhere" }, files: { "usr/bin/broken": "x" } },
    {
      name: "lost",
      fields: { Depends: "libc6" },
      files: { "usr/bin/lost": elfFile({ interpreter: LOADER, needed: ["libmissing.so.1"] }) },
    },
    {
      name: "ca-certificates",
      architecture: "all",
      files: {
        "usr/share/ca-certificates/mozilla/B.crt": "B\n",
        "usr/share/ca-certificates/mozilla/A.crt": "A",
        "usr/sbin/update-ca-certificates": "#!/bin/sh\n",
        "etc/ssl/certs": "/",
      },
    },
    { name: "rival", files: { "etc/web/web.conf": "rival" } },
    { name: "heir", fields: { Replaces: "web-common" }, files: { "etc/web/web.conf": "heir" } },
    { name: "linked", files: { "usr/bin/a": "same", "bin/b": "-> a" } },
  ]);
});
after(() => mirror.stop());

async function code(wanted: LinuxKitErrorCode, message: RegExp, run: () => Promise<unknown>): Promise<void> {
  await assert.rejects(run, (error) => isLinuxKitError(error, wanted) && message.test(error.message), String(message));
}

const keeps = ({ packages }: LockedDebian): Record<string, unknown> => Object.fromEntries(packages.map(({ name, keep }) => [name, keep]));

describe("slim", () => {
  test("has the packages, those of the same source, and the libraries they need", async () => {
    await using fixture = await debianFixture(mirror);
    assert.deepEqual(keeps(await fixture.lock(debian.packages({ packages: ["web-light"] }))), {
      libc6: { sonames: ["ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6"] },
      "libodd-compat": { sonames: ["libodd.so.4"] },
      libz1: { sonames: ["libz.so.1"] },
      web: "slim",
      "web-common": "slim",
      "web-extra": "slim",
      "web-light": "slim",
    });
  });
  test("the tree", async () => {
    await using fixture = await debianFixture(mirror);
    const image = debian.packages({
      packages: ["web"],
      users: [{ name: "me", uid: 1000, home: "/home/me", shell: "/bin/sh" }],
      files: [
        { path: "/etc/web/web.conf", contents: "port 8080\n", mode: "0600", uid: 1000 },
        { path: "bin/httpd", symlink: "../sbin/web" },
        { path: "srv", directory: true, gid: 33 },
      ],
    });
    const tree = await fixture.unpack(image, await fixture.lock(image));
    const paths = Object.keys(tree).filter((path) => !tree[path]?.startsWith("dir 755"));
    assert.deepEqual(paths, [
      "bin",
      "etc/group",
      "etc/nsswitch.conf",
      "etc/passwd",
      "etc/web/web.conf",
      "lib",
      "lib64",
      "root",
      "run/lock",
      "sbin",
      "tmp",
      "usr/bin/httpd",
      "usr/lib/web/plugin.so",
      "usr/lib/web/private/libprivate.so.2",
      `${LIB}/ld-linux-x86-64.so.2`,
      `${LIB}/libc.so.6`,
      `${LIB}/libm.so.6`,
      `${LIB}/libodd.so.4`,
      `${LIB}/libz.so.1`,
      `${LIB}/libz.so.1.3`,
      "usr/lib64/ld-linux-x86-64.so.2",
      "usr/sbin/web",
      "var/lock",
      "var/run",
      "var/tmp",
    ]);
    assert.equal(tree["lib64"], "-> usr/lib64");
    assert.equal(tree["var/run"], "-> /run", "base-files makes it so");
    assert.equal(tree["var/lib/web"], "dir 755", "an empty folder of a package is there");
    assert.equal(tree["etc/web/web.conf"], "file 600 1000:0 port 8080\n", "the image's own file wins");
    assert.equal(tree["srv"], "dir 755 0:33");
    assert.match(tree["etc/passwd"] as string, / root:x:0:0::\/root:\/bin\/sh$/m);
    assert.match(tree["etc/passwd"] as string, /^www-data:x:33:33:/m);
    assert.match(tree["etc/passwd"] as string, /^me:x:1000:1000::\/home\/me:\/bin\/sh$/m);
    assert.match(tree["etc/passwd"] as string, /^webd:x:998:998::\/var\/lib\/web:/m);
    assert.match(tree["etc/group"] as string, /^watchers:x:999:webd$/m);
  });
  test("keep includes paths that slim leaves out, from any of the packages", async () => {
    await using fixture = await debianFixture(mirror);
    const image = debian.packages({ packages: ["web"], keep: ["/usr/share/man", `usr/lib/*/gconv`, "usr/share/doc/libz1/*"] });
    const tree = await fixture.unpack(image, await fixture.lock(image));
    assert.ok("usr/share/man/man8/web.8.gz" in tree && `${LIB}/gconv/KOI8.so` in tree && "usr/share/doc/libz1/copyright" in tree);
    assert.ok(!("etc/init.d/web" in tree));
  });
  test("has the bundle of certificates that a maintainer script would make", async () => {
    await using fixture = await debianFixture(mirror);
    const image = debian.caCertificates();
    assert.deepEqual(await fixture.unpack(image, await fixture.lock(image)), {
      etc: "dir 755",
      "etc/ssl": "dir 755",
      "etc/ssl/certs": "dir 755",
      "etc/ssl/certs/ca-certificates.crt": "file 644 A\nB\n",
    });
  });
  test("refuses a library that no dependency has", async () => {
    await using fixture = await debianFixture(mirror);
    await code("NOT_FOUND", /lost 1\.0-1: usr\/bin\/lost needs libmissing\.so\.1, which is in none of its dependencies/, () =>
      fixture.lock(debian.packages({ packages: ["lost"] })),
    );
  });
});

describe("all dependencies", () => {
  test("include alternatives, virtual packages and pre-dependencies, with all their files", async () => {
    await using fixture = await debianFixture(mirror);
    const image = debian.packages({ packages: ["web"], dependencies: "all" });
    const lock = await fixture.lock(image);
    assert.deepEqual(
      keeps(lock),
      Object.fromEntries(
        ["adduser", "cdebconf", "init-helpers", "libc6", "libodd-compat", "libodd-data", "libz1", "web", "web-common"].map((name) => [
          name,
          "all",
        ]),
      ),
    );
    const tree = await fixture.unpack(image, lock);
    assert.ok("usr/share/man/man8/web.8.gz" in tree && "etc/init.d/web" in tree && "usr/lib/systemd/system/web.service" in tree);
  });
  test("prefer an alternative that is already chosen", async () => {
    await using fixture = await debianFixture(mirror);
    const lock = await fixture.lock(debian.packages({ packages: ["web-common", "cdebconf"], dependencies: "all" }));
    assert.deepEqual(Object.keys(keeps(lock)), ["cdebconf", "web-common"]);
  });
  test("refuse a dependency that cannot be met", async () => {
    await using fixture = await debianFixture(mirror);
    await code("NOT_FOUND", /broken 1\.0-1 depends on web \(>= 2\) \| nowhere, but no package of the mirror meets it/, () =>
      fixture.lock(debian.packages({ packages: ["broken"], dependencies: "all" })),
    );
  });
});

describe("two packages with the same path", () => {
  test("are refused", async () => {
    await using fixture = await debianFixture(mirror);
    const image = debian.packages({ packages: ["rival", "web-common"] });
    const lock = await fixture.lock(image);
    await code("CORRUPT", /the packages rival and web-common both install \/etc\/web\/web\.conf/, () => fixture.unpack(image, lock));
  });
  test("are accepted if one replaces the other", async () => {
    await using fixture = await debianFixture(mirror);
    const image = debian.packages({ packages: ["heir", "web-common"] });
    assert.equal((await fixture.unpack(image, await fixture.lock(image)))["etc/web/web.conf"], "file 755 heir");
  });
});

describe("the lock", () => {
  test("is the same each time, sorted, and pins the bytes", async () => {
    await using one = await debianFixture(mirror);
    await using two = await debianFixture(mirror);
    const image = debian.packages({ packages: ["web-light"] });
    const lock = await one.lock(image);
    assert.deepEqual(await two.lock(image), lock);
    assert.deepEqual(
      lock.packages.map(({ name }) => name),
      lock.packages.map(({ name }) => name).sort(),
    );
    const [first] = lock.packages;
    assert.deepEqual(
      [first?.name, first?.version, first?.filename, first?.archive],
      ["libc6", "1.0-1", "pool/main/l/libc6/libc6_1.0-1_amd64.deb", "debian"],
    );
  });
  test("needs no mirror for cached packages", async () => {
    await using fixture = await debianFixture(mirror);
    const image = debian.packages({ packages: ["linked"] });
    const lock = await fixture.lock(image);
    const asked = mirror.requests.length;
    const { cacheDir, store } = fixture;
    await ensureDebs(lock.packages, { store, aptDirectory: cacheDir });
    assert.equal(mirror.requests.length, asked);
    await rm(store.path(`sha256:${lock.packages[0]?.sha256}`));
    await code("NO_MIRROR", /no Debian mirror found/, () => ensureDebs(lock.packages, { store, aptDirectory: cacheDir }));
  });
  test("a dropped package comes from the other archive, the snapshot mirror or the shared cache, never in another version", async () => {
    const { filename, path } = await mirror.add({ name: "fleeting", files: { "usr/bin/fleeting": "1" } });
    await mirror.publish("bookworm");
    await using fixture = await debianFixture(mirror);
    const lock = await fixture.lock(debian.packages({ packages: ["fleeting"] }));
    const bytes = await readFile(path);
    const forget = () => rm(fixture.store.path(`sha256:${lock.packages[0]?.sha256}`));
    await rm(path);
    await mirror.add({ name: "fleeting", version: "2.0-1", files: { "usr/bin/fleeting": "2" } });
    await mirror.publish("bookworm");
    await forget();
    await assert.rejects(
      ensureDebs(lock.packages, fixture.options),
      (error) =>
        isLinuxKitError(error, "PACKAGE_UNAVAILABLE") &&
        error.detail.package === "fleeting" &&
        error.detail.version === "1.0-1" &&
        /set debianSnapshot/.test(error.message),
    );
    for (const place of [`debian-security/${filename}`, `snapshot/${filename}`]) {
      const file = mirror.file(place);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
      await ensureDebs(lock.packages, { ...fixture.options, snapshotMirror: `${mirror.url}/snapshot` });
      await forget();
      await rm(file);
    }
    // the shared cache comes last, and must have the same bytes too
    const asked: string[] = [];
    const keeper = (held: Buffer) => ({
      async fetchBlob<T>(_: object, what: string, take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>) {
        asked.push(what);
        return take(Readable.from([held]));
      },
    });
    for (const options of [fixture.options, { ...fixture.options, mirror: undefined, mirrors: undefined, aptDirectory: dirname(path) }]) {
      await assert.rejects(ensureDebs(lock.packages, { ...options, sharedCache: keeper(Buffer.alloc(bytes.length)) }), {
        code: "DIGEST_MISMATCH",
      });
      await ensureDebs(lock.packages, { ...options, sharedCache: keeper(bytes) });
      await forget();
    }
    assert.deepEqual(new Set(asked), new Set(["fleeting 1.0-1"]));
    await assert.rejects(ensureDebs(lock.packages, { ...fixture.options, sharedCache: { fetchBlob: async () => undefined } }), {
      code: "PACKAGE_UNAVAILABLE",
    });
  });
});

describe("downloads", () => {
  test("with changed or missing bytes are not stored", async () => {
    await using fixture = await debianFixture(mirror);
    const lock = await fixture.lock(debian.packages({ packages: ["web"], dependencies: "all" }));
    const path = mirror.file(`debian/${lock.packages.find(({ name }) => name === "web")?.filename}`);
    const whole = await readFile(path);
    const changed = Buffer.from(whole);
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    await writeFile(path, changed);
    await code("DIGEST_MISMATCH", /web_1\.0-1_amd64\.deb: got sha256/, () => ensureDebs(lock.packages, fixture.options));
    await writeFile(path, whole.subarray(0, -10));
    await code("SIZE_MISMATCH", /web_1\.0-1_amd64\.deb: got \d+ bytes, wanted \d+/, () => ensureDebs(lock.packages, fixture.options));
    assert.equal(await fixture.store.find(`sha256:${lock.packages.find(({ name }) => name === "web")?.sha256}`), undefined);
    await writeFile(path, whole);
    await ensureDebs(lock.packages, fixture.options);
  });
  test("report their progress", async () => {
    await using fixture = await debianFixture(mirror);
    const lock = await fixture.lock(debian.packages({ packages: ["web"], dependencies: "all" }));
    const seen: Progress[] = [];
    await ensureDebs(lock.packages, { ...fixture.options, onProgress: (progress) => seen.push(progress) });
    const total = lock.packages.reduce((sum, { size }) => sum + size, 0);
    assert.deepEqual(seen.at(-1), { stage: "fetch", message: "fetching 9 packages", done: total, total });
  });
});
