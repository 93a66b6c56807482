import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { directoryEntry, type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { formatPath } from "../../sdk/core/property-path.ts";
import { debian, File, OnbootTask, Service } from "../../sdk/index.ts";
import { sourceKey } from "../../sdk/resolve/image-source.ts";
import type { Answer } from "../../sdk/review/explain/answer.ts";
import { explain } from "../../sdk/review/explain/explain.ts";
import { explainImagePath } from "../../sdk/review/explain/image-path.ts";
import { questionOf } from "../../sdk/review/explain/question.ts";
import { debianFixture } from "../support/debian-fixture.ts";
import { DebianMirror } from "../support/debian-mirror.ts";
import { elfFile } from "../support/elf-file.ts";
import { imageLayout } from "../support/image-layout.ts";
import { web, webService } from "./definitions.ts";

const folder = mkdtempSync(join(tmpdir(), "explain-"));
after(() => rmSync(folder, { recursive: true }));

/** Answers as text: `PART: MESSAGE [from STEPS] [package …] [needed by …]`. */
const said = (answers: readonly Answer[]): string[] =>
  answers.map(({ part, message, steps, package: from, neededBy }) =>
    [
      `${part}: ${message}`,
      ...(steps ? [`from ${formatPath(steps)}`] : []),
      ...(from ? [`package ${from.name} ${from.version ?? "?"}`] : []),
      ...(neededBy ? [`needed by ${neededBy.join("; ")}`] : []),
    ].join(" | "),
  );

const { spec: definition } = web(
  {},
  {
    services: [
      webService({
        capabilities: ["CAP_CHOWN"],
        binds: ["/srv/web:/var/www:ro"],
        tmpfs: ["/run"],
        egress: [
          { to: "db", port: 6379 },
          { to: "any", port: 443 },
        ],
        publish: ["443:8443", "53:53/udp"],
      }),
      new Service("db", { image: debian.packages({ packages: ["redis-server"] }), capabilities: ["CAP_NET_RAW"], userns: "private" }),
      new Service("log", { image: "busybox:1.36", net: "host", capabilities: ["all"] }),
    ],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    files: [new File("/etc/motd", { contents: "a" }), new File("etc/motd", { contents: "b" })],
    healthPort: 8080,
  },
);

test("a command with a password is not shown", async () => {
  const command = ["nginx", "--password=correct-horse"];
  const { spec } = web({ capabilities: ["CAP_CHOWN"], publish: ["443"], command });
  const all = await Promise.all(["CAP_CHOWN", "443"].map((what) => explain(questionOf(what), { definition: spec, cacheDir: folder })));
  const text = said(all.flat()).join("\n");
  assert.equal(text.split("needed by [a command that looks like a secret]").length, 3);
  assert.doesNotMatch(text, /correct-horse/);
});

describe("a definition says where it comes from", () => {
  for (const [what, want] of [
    [
      "CAP_NET_RAW",
      [
        "onboot.dhcp: its processes may use it, since its image asks for it | from onboot[0].image | needed by /usr/bin/linuxkitd dhcp eth0 60 once",
        "services.db: its processes may use it | from services.db.capabilities[0]",
        'services.log: its processes may use it, by "all" | from services.log.capabilities[0]',
      ],
    ],
    [
      "cap_chown",
      [
        'services.log: its processes may use it, by "all" | from services.log.capabilities[0]',
        "services.web: its processes may use it | from services.web.capabilities[0] | needed by nginx",
      ],
    ],
    [
      "443",
      [
        "services.log: it has the machine's network, so it may listen on it too | from services.log",
        "services.web: the machine's port 443/tcp leads to its port 8443 | from services.web.publish[0] | needed by nginx",
        "services.web: it may connect to any on it | from services.web.egress[1]",
      ],
    ],
    [
      "8443/tcp",
      [
        "services.log: it has the machine's network, so it may listen on it too | from services.log",
        "services.web: it listens on it; outside it is the machine's port 443/tcp | from services.web.publish[0] | needed by nginx",
      ],
    ],
    ["53/tcp", ["services.log: it has the machine's network, so it may listen on it too | from services.log"]],
    [
      "8080",
      [
        "healthPort: the machine answers GET /healthz on it | from healthPort",
        "services.log: it has the machine's network, so it may listen on it too | from services.log",
      ],
    ],
    ["/etc/motd", ["files: a file of the OS itself | from files[1]"]],
    ["/etc/nginx.conf", ["services.web: a file that the definition puts into its image | from services.web.image.debian.files[0]"]],
    ["/var/www/a/b", ["services.web: it is the machine's /srv/web/a/b | from services.web.binds[0]"]],
    ["/run/nginx.pid", ["services.web: it is in memory, in the tmpfs at /run | from services.web.tmpfs[0]"]],
    ["/runner", []],
    ["nginx-light", ["services.web: the definition names it | from services.web.image.debian.packages[0] | package nginx-light ?"]],
    ["openssl", []],
  ] as const) {
    test(what, async () =>
      assert.deepEqual(said(await explain(questionOf(what), { definition, cacheDir: folder })).sort(), [...want].sort()),
    );
  }
});

describe("a question that is none is refused", () => {
  for (const [what, want] of [
    ["CAP_NET_RWA", /wanted one of capabilities\(7\): did you mean "CAP_NET_RAW"\?$/],
    ["0", /wanted 1 to 65535/],
    ["65536", /wanted 1 to 65535/],
    ["80/sctp", /wanted 1 to 65535, with \/tcp or \/udp/],
    ["a b", /wanted a path as \/etc\/passwd/],
    ["", /wanted a path/],
  ] as const) {
    test(JSON.stringify(what), () =>
      assert.throws(
        () => questionOf(what),
        (error) => isLinuxKitError(error, "INVALID_DEFINITION") && want.test(error.message),
      ),
    );
  }
});

test("a build says which package has a file, and which programs load a library", async () => {
  const lib = "usr/lib/x86_64-linux-gnu";
  await using mirror = await DebianMirror.start([
    {
      name: "app",
      fields: { Depends: "libz1" },
      files: { "usr/bin/app": elfFile({ needed: ["libz.so.1"] }), "usr/bin/other": elfFile({}) },
    },
    {
      name: "libz1",
      version: "1.3-1",
      files: { [`${lib}/libz.so.1`]: elfFile({ soname: "libz.so.1" }), [`${lib}/libother.so.1`]: elfFile({ soname: "libother.so.1" }) },
    },
  ]);
  await using fixture = await debianFixture(mirror);
  const image = debian.packages({ packages: ["app"] });
  const { spec } = web({}, { kernel: undefined, init: [], onboot: [], services: [webService({ image })] });
  const locked = await fixture.lock(image);
  const lock = { version: 1, arch: "amd64", images: {}, debian: { [sourceKey(image)]: locked } } as const;
  const root = "containers/services/web/rootfs";
  const entries: Entry[] = [
    directoryEntry(root),
    fileEntry(`${root}/usr/bin/app`, "12345", 0o755),
    symlinkEntry(`${root}/usr/bin/link`, "app"),
    fileEntry("usr/bin/app", "x", 0o4755, { uid: 1, gid: 2 }),
  ];
  const initrd = join(folder, "initrd");
  writeFileSync(initrd, await collect(writeCpio(entries)));
  const ask = async (what: string) => said(await explain(questionOf(what), { definition: spec, lock, initrd, cacheDir: fixture.cacheDir }));
  assert.deepEqual(await ask("libz1"), [
    "services.web: it comes with app | from services.web.image | package libz1 1.3-1 | needed by app: /usr/bin/app loads libz.so.1",
  ]);
  assert.deepEqual(await ask("app"), [
    "services.web: the definition names it | from services.web.image.debian.packages[0] | package app 1.0-1",
  ]);
  assert.deepEqual(await ask("/usr/bin/app"), [
    "services.web: a file of 5 bytes, mode 0755, owner 0:0 | package app 1.0-1",
    "init: a file of 1 bytes, mode 4755, owner 1:2",
  ]);
  assert.deepEqual(await ask("/usr/bin/link"), ["services.web: a link to app, mode 0777, owner 0:0"]);
});

describe("an image says which layer has a path", async () => {
  const layout = join(folder, "image");
  const reference = await imageLayout(
    layout,
    [
      [
        fileEntry("etc/a", "1"),
        fileEntry("etc/b", "1"),
        fileEntry("opt/x/y", "1"),
        fileEntry("srv/z/w", "1"),
        fileEntry("var/lib/dpkg/status", "Package: p\nStatus: install ok installed\nVersion: 2.0\n"),
        fileEntry("var/lib/dpkg/info/p.list", "/etc/a\n"),
      ],
      [
        fileEntry("etc/a", "22", 0o600),
        fileEntry("etc/.wh.b", ""),
        fileEntry("opt/.wh..wh..opq", ""),
        fileEntry("srv/.wh.z", ""),
        fileEntry("opt/x/y", "333"),
      ],
    ],
    {},
  );
  const options = { store: new BlobStore(join(folder, "cache")), arch: "amd64" } as const;
  for (const [path, want] of [
    [
      "/etc/a",
      [
        "image: a file of 1 bytes, mode 0644, owner 0:0, from layer 1 of 2 | package p 2.0",
        "image: a file of 2 bytes, mode 0600, owner 0:0, from layer 2 of 2 | package p 2.0",
      ],
    ],
    ["/etc/b", ["image: a file of 1 bytes, mode 0644, owner 0:0, from layer 1 of 2", "image: removed by layer 2 of 2"]],
    [
      "/opt/x/y",
      [
        "image: a file of 1 bytes, mode 0644, owner 0:0, from layer 1 of 2",
        "image: a file of 3 bytes, mode 0644, owner 0:0, from layer 2 of 2",
      ],
    ],
    ["/srv/z/w", ["image: a file of 1 bytes, mode 0644, owner 0:0, from layer 1 of 2", "image: removed by layer 2 of 2"]],
    ["/etc/none", []],
  ] as const) {
    test(path, async () => assert.deepEqual(said(await explainImagePath(reference, path, options)), want));
  }
});
