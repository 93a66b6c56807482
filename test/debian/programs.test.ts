import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DebianImage } from "../../sdk/definition/debian-image.ts";
import { findFault } from "../../sdk/debian/find-program.ts";
import { debian } from "../../sdk/debian/images.ts";
import { contentsReader, openContents } from "../../sdk/debian/lock-packages.ts";
import { debDigest } from "../../sdk/debian/locked.ts";
import { programsOf } from "../../sdk/debian/programs.ts";
import { refusal } from "../../sdk/debian/refusal.ts";
import { DebianMirror } from "../support/debian-mirror.ts";
import { debianFixture } from "../support/debian-fixture.ts";
import { elfFile } from "../support/elf-file.ts";

const LOADER = "/lib64/ld-linux-x86-64.so.2";
const LIB = "usr/lib/x86_64-linux-gnu";
const program = (...needed: string[]): Buffer => elfFile({ interpreter: LOADER, needed: [...needed, "libc.so.6"] });

let mirror: DebianMirror;
before(async () => {
  mirror = await DebianMirror.start([
    {
      name: "libc6",
      files: {
        [`lib/x86_64-linux-gnu/libc.so.6`]: elfFile({ soname: "libc.so.6" }),
        "lib64/ld-linux-x86-64.so.2": elfFile({ soname: "ld-linux-x86-64.so.2" }),
      },
    },
    {
      name: "nc-openbsd",
      fields: { Depends: "libc6" },
      files: { "bin/nc.openbsd": program() },
      control: { postinst: "#!/bin/sh\nupdate-alternatives --install /bin/nc nc /bin/nc.openbsd 50\n" },
    },
    {
      name: "golang",
      fields: { Depends: "golang-1.19-go" },
      files: { "usr/bin/go": "-> ../lib/go/bin/go", "usr/lib/go": "-> go-1.19", "etc/go/env": "-> /var/lib/go/env" },
    },
    { name: "golang-1.19-go", fields: { Depends: "libc6" }, files: { "usr/lib/go-1.19/bin/go": program() } },
    {
      name: "dangling",
      fields: { Depends: "libc6" },
      files: { "usr/bin/dangling": "-> /usr/lib/nowhere/dangling", "usr/bin/x": program() },
    },
    { name: "web-dev", fields: { Depends: "libweb1" }, files: { [`${LIB}/libweb.so`]: "-> libweb.so.1", "usr/share/web-dev/x": "x" } },
    {
      name: "libweb1",
      fields: { Depends: "libc6" },
      files: { [`${LIB}/libweb.so.1`]: elfFile({ soname: "libweb.so.1" }), "usr/share/big": "x" },
    },
    { name: "python3", fields: { Depends: "libc6" }, files: { "usr/bin/python3": program() } },
    {
      name: "gunicorn",
      architecture: "all",
      fields: { Depends: "python3-gunicorn" },
      files: { "usr/bin/gunicorn": "#! /usr/bin/python3 -s\nimport x\n" },
    },
    {
      name: "python3-gunicorn",
      architecture: "all",
      fields: { Source: "gunicorn", Depends: "python3-pkg, python3, libweb1" },
      files: { "usr/lib/python3/dist-packages/gunicorn.py": "x" },
    },
    { name: "python3-pkg", architecture: "all", fields: { Depends: "python3" }, files: { "usr/lib/python3/dist-packages/pkg.py": "x" } },
    { name: "dash", fields: { Depends: "libc6" }, files: { "bin/dash": program(), "bin/sh": "-> dash" } },
    { name: "coreutils", fields: { Depends: "libc6" }, files: { "usr/bin/dirname": program(), "usr/bin/env": program() } },
    { name: "sed", fields: { Depends: "libc6" }, files: { "bin/sed": program() } },
    {
      name: "erlang-base",
      fields: { Depends: "libc6" },
      files: { "usr/bin/erl": "-> ../lib/erlang/bin/erl", "usr/lib/erlang/bin/erl": program() },
    },
    {
      name: "rabbit",
      architecture: "all",
      fields: { Depends: "erlang-base, libweb1" },
      files: {
        "usr/sbin/rabbit": "-> ../lib/rabbit/bin/rabbit",
        "usr/lib/rabbit/bin/rabbit": '#!/bin/sh\nhere=$(dirname "$0")\n. "$here/rabbit-env"\nexec erl -x\n',
        "usr/lib/rabbit/bin/rabbit-env": "x=$(echo y | sed s/a/b/)\n",
        "usr/lib/rabbit/bin/unused": "#!/bin/sh\nbash\n",
      },
    },
    {
      name: "enved",
      architecture: "all",
      fields: { Depends: "python3" },
      files: { "usr/bin/enved": "#!/usr/bin/env -S PYTHONUTF8=1 python3 -u\n" },
    },
    {
      name: "database",
      fields: { Depends: "libc6" },
      files: {
        "usr/lib/database/15/bin/databased": program("libown.so.1"),
        "usr/lib/database/15/lib/libown.so.1": elfFile({ soname: "libown.so.1" }),
      },
    },
    {
      name: "numbers",
      fields: { Depends: "libblas3 | libblas.so.3" },
      files: { "usr/bin/numbers": program("libblas.so.3") },
    },
    {
      name: "libblas3",
      fields: { Depends: "libc6" },
      files: { [`${LIB}/blas/libblas.so.3.11`]: elfFile({ soname: "libblas.so.3" }), [`${LIB}/blas/libblas.so.3`]: "-> libblas.so.3.11" },
      control: {
        postinst: `#!/bin/sh\nupdate-alternatives --install /usr/lib/x86_64-linux-gnu/libblas.so.3 libblas.so.3-x86_64-linux-gnu /${LIB}/blas/libblas.so.3 10\n`,
      },
    },
    {
      name: "foldered",
      fields: { Depends: "libfolder1" },
      files: { "usr/bin/foldered": program("libfolder.so.1") },
    },
    {
      name: "libfolder1",
      fields: { Depends: "libc6" },
      files: {
        "etc/ld.so.conf.d/folder.conf": "# a folder\n/usr/lib/folder\n",
        "usr/lib/folder/libfolder.so.1": elfFile({ soname: "libfolder.so.1" }),
      },
    },
    {
      name: "plugged",
      fields: { Depends: "libc6" },
      files: { "usr/bin/plugged": program(), "usr/lib/plugged/extra.so": elfFile({ needed: ["libabsent.so.3"] }) },
    },
    {
      name: "threads",
      fields: { Depends: "libc6, libgcc-s1" },
      files: { "usr/bin/threads": Buffer.concat([program(), Buffer.from("\0pthread_exit\0")]) },
    },
    { name: "libgcc-s1", files: { [`${LIB}/libgcc_s.so.1`]: elfFile({ soname: "libgcc_s.so.1" }) } },
    { name: "spooler", fields: { Depends: "libc6" }, files: { "usr/bin/spooler": program(), "var/run/spooler/x": "x", "var/lock/y": "y" } },
  ]);
});
after(() => mirror.stop());

const FOLDERS = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** What the image says of a command: nothing if it runs. */
async function verdict(
  image: DebianImage,
  command: string,
  covered: string[] = [],
): Promise<{ said: string | undefined; tree: Record<string, string> }> {
  await using fixture = await debianFixture(mirror);
  const { packages } = await fixture.lock(image);
  const programs = programsOf(image.debian, await openContents(packages, fixture.options), "amd64", new Map());
  const fault = findFault(command, {
    programs,
    folders: FOLDERS,
    cwd: "/srv",
    isCovered: (path) => covered.some((folder) => path.startsWith(folder)),
  });
  const repository = await fixture.open();
  const sources = {
    repository,
    ...contentsReader(repository, fixture.options),
    open: (deb: { sha256: string }) => fixture.store.open(debDigest(deb)),
  };
  const said = fault && (await refusal({ program: command, fault, debian: image.debian, packages, programs }, sources));
  return { said, tree: await fixture.unpack(image, { packages }) };
}

const slim = (...packages: string[]): DebianImage => debian.packages({ packages });

describe("a slim image runs", () => {
  const rows: readonly (readonly [what: string, image: () => DebianImage, command: string, there?: Record<string, string>])[] = [
    [
      "a name of update-alternatives",
      () => slim("nc-openbsd"),
      "nc",
      { "usr/bin/nc": "-> /etc/alternatives/nc", "etc/alternatives/nc": "-> /bin/nc.openbsd" },
    ],
    ["a link into a dependency", () => slim("golang"), "go", { "usr/bin/go": "-> ../lib/go/bin/go" }],
    [
      "a script whose interpreter was named",
      () => slim("gunicorn", "python3"),
      "gunicorn",
      { "usr/lib/python3/dist-packages/pkg.py": "file 755 x" },
    ],
    [
      "a library behind an alternative",
      () => slim("numbers"),
      "numbers",
      { [`${LIB}/libblas.so.3`]: "-> /etc/alternatives/libblas.so.3-x86_64-linux-gnu" },
    ],
    ["a library in a folder of its own package", () => slim("database"), "/usr/lib/database/15/bin/databased"],
    [
      "a library in a folder of ld.so.conf.d",
      () => slim("foldered"),
      "foldered",
      { [`${LIB}/libfolder.so.1`]: "-> /usr/lib/folder/libfolder.so.1" },
    ],
    [
      "threads that end, for which the C library opens another library",
      () => slim("threads"),
      "threads",
      { [`${LIB}/libgcc_s.so.1`]: "file" },
    ],
    ["a path relative to the working directory", () => slim("python3"), "../usr/bin/python3"],
    [
      "a script of its own",
      () => debian.packages({ packages: ["dash"], files: [{ path: "/app", contents: "#!/bin/sh\n", mode: "0755" }] }),
      "/app",
    ],
    ["what a mount brings", () => slim("dash"), "/app/run"],
  ];
  for (const [what, image, command, there = {}] of rows) {
    test(what, async () => {
      const { said, tree } = await verdict(image(), command, ["/app/"]);
      assert.equal(said, undefined);
      for (const [path, entry] of Object.entries(there)) assert.ok(tree[path]?.startsWith(entry), `${path}: ${tree[path]}`);
    });
  }
  test("without modules of a language that it does not speak", async () => {
    const { tree } = await verdict(slim("rabbit"), "rabbit");
    assert.ok(!Object.keys(tree).some((path) => path.includes("erlang")));
  });
  test("a link to a library brings the library alone", async () => {
    const { tree } = await verdict(slim("web-dev"), "x");
    assert.ok(`${LIB}/libweb.so.1` in tree && !("usr/share/big" in tree));
  });
});

describe("a command that cannot run is refused with what to do", () => {
  const rows: readonly (readonly [what: string, image: () => DebianImage, command: string, said: string])[] = [
    [
      "an unknown name",
      () => slim("nc-openbsd"),
      "zzzzzz",
      'which no folder of PATH has in the image: add the package that has it, or set dependencies: "all"',
    ],
    ["a name that is mistyped", () => slim("python3"), "pyhton3", 'which no folder of PATH has in the image: did you mean "python3"?'],
    ["an unknown path", () => slim("python3"), "/usr/sbin/rabbit", 'but the image has no /usr/sbin/rabbit: add "rabbit" to packages'],
    [
      "the name of a dependency's program",
      () => slim("rabbit"),
      "erl",
      'which no folder of PATH has in the image: add "erlang-base" to packages',
    ],
    [
      "a program outside of PATH",
      () => slim("database"),
      "databased",
      'which no folder of PATH has in the image: use its path, "/usr/lib/database/15/bin/databased"',
    ],
    [
      "a link to nothing",
      () => slim("dangling"),
      "dangling",
      'but /usr/bin/dangling leads to /usr/lib/nowhere/dangling, which is not in the image: add the package that has it, or set dependencies: "all"',
    ],
    [
      "a script",
      () => slim("gunicorn"),
      "gunicorn",
      'but /usr/bin/gunicorn is a script of /usr/bin/python3, which is not in the image: add "python3" to packages',
    ],
    [
      "a shell script, with the programs that it and what it reads name",
      () => slim("rabbit"),
      "rabbit",
      'but /usr/sbin/rabbit is a script of /bin/sh, which is not in the image: add "dash", "coreutils", "erlang-base", "sed" to packages',
    ],
    [
      "a script of env, without env",
      () => slim("enved"),
      "enved",
      'but /usr/bin/enved is a script of /usr/bin/env, which is not in the image: add "coreutils" to packages',
    ],
    [
      "a script of env, without what it seeks",
      () => slim("enved", "coreutils"),
      "enved",
      'but /usr/bin/enved is a script of python3, which is not in the image: add "python3" to packages',
    ],
    [
      "a file of its own that may not be run",
      () => debian.packages({ packages: ["dash"], files: [{ path: "/app", contents: "#!/bin/sh\n" }] }),
      "/app",
      'but /app is a file that may not be run: give it a mode with x, as "0755"',
    ],
    [
      "a loader that is left out",
      () => debian.packages({ packages: ["python3"], leaveOut: ["/usr/lib64"] }),
      "python3",
      "but /usr/bin/python3 needs the loader /lib64/ld-linux-x86-64.so.2, which is not in the image: leaveOut leaves it out, so take its pattern away",
    ],
  ];
  for (const [what, image, command, said] of rows) test(what, async () => assert.equal((await verdict(image(), command)).said, said));
});

test("leaveOut leaves paths out, and the libraries that only they need", async () => {
  await using fixture = await debianFixture(mirror);
  await assert.rejects(
    fixture.lock(slim("plugged")),
    /usr\/lib\/plugged\/extra\.so needs libabsent\.so\.3.*: leave what the program can do without out with leaveOut: \["\/usr\/lib\/plugged\/extra\.so"\]/,
  );
  const { said, tree } = await verdict(debian.packages({ packages: ["plugged"], leaveOut: ["/usr/lib/plugged/*.so"] }), "plugged");
  assert.equal(said, undefined);
  assert.ok(!("usr/lib/plugged/extra.so" in tree));
});

test("what packages have in /var/run and /var/lock is in /run", async () => {
  const { tree } = await verdict(slim("spooler"), "spooler");
  assert.deepEqual(
    [tree["var/run"], tree["run/spooler/x"], tree["var/lock"], tree["run/lock/y"]],
    ["-> /run", "file 755 x", "-> /run/lock", "file 755 y"],
  );
});
