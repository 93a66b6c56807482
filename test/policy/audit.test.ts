import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { output } from "@pulumi/pulumi";
import { debian } from "../../sdk/debian/images.ts";
import {
  audit,
  type AuditOptions,
  File,
  harden,
  Image,
  type ImageArgs,
  Kernel,
  OnbootTask,
  Service,
  type ServiceArgs,
  Volume,
} from "../../sdk/index.ts";
import { RULE_NAMES, RULES } from "../../sdk/policy/rules.ts";
import { rulesOf, SECTIONS } from "../../sdk/policy/sections.ts";
import { secretIn } from "../../sdk/policy/rules/secrets.ts";
import { auditLines } from "../../sdk/policy/text.ts";

const digest = `sha256:${"a".repeat(64)}`;
const { publicKey: key } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const pinned = `ghcr.io/acme/web:1.2@${digest}`;

/** A service without findings. */
const GOOD = { image: pinned, uid: 1000, net: "none", resources: { memory: { limit: 64 << 20 } } } as const satisfies ServiceArgs;
const base = harden(
  new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  }),
);
const OPTIONS: AuditOptions = { verify: { "ghcr.io/acme": key }, registries: ["ghcr.io/acme"], date: new Date("2026-06-01") };

const withService = (fields: object): Image => base.with({ services: [new Service("web", { ...GOOD, ...fields } as ServiceArgs)] });
const found = (image: Image, options: AuditOptions = {}): string[] =>
  audit(image, { ...OPTIONS, ...options }).findings.map(({ rule, path }) => `${rule} ${path}`);

test("a definition that follows the guide has no findings", () => assert.deepEqual(found(withService({})), []));

/** The changed fields, and the resulting findings. */
const BAD: readonly (readonly [object, readonly string[]])[] = [
  [{ image: `ghcr.io/acme/web@${digest}` }, []],
  [{ image: "ghcr.io/acme/web" }, ["image-tag services.web.image", "image-digest services.web.image"]],
  [{ image: "ghcr.io/acme/web:latest" }, ["image-tag services.web.image", "image-digest services.web.image"]],
  [{ image: "ghcr.io/acme/web:1.2" }, ["image-digest services.web.image"]],
  [{ image: `ghcr.io/acmeevil/web@${digest}` }, ["image-registry services.web.image", "image-signed services.web.image"]],
  [{ image: `nginx:1.27@${digest}` }, ["image-registry services.web.image", "image-signed services.web.image"]],
  [{ image: "oci:./layout:1" }, []],
  [{ image: debian.packages({ packages: ["nginx-light"], dependencies: "all" }) }, ["whole-packages services.web.image"]],
  [{ env: ["DB_PASSWORD=correct-horse"] }, ["secret-in-clear services.web.env[0]"]],
  [{ env: ["A=1", "URL=postgres://app:s3cretly@db/app"] }, ["secret-in-clear services.web.env[1]"]],
  [{ env: ["DB_PASSWORD_FILE=/run/secrets/db", "TOKEN_URL=https://a.example/token", "PATH=/bin"] }, []],
  [{ command: ["app", "--api-key", "abcdef123456"] }, ["secret-in-clear services.web.command"]],
  [{ command: ["app", "--password-file", "/run/secrets/p"] }, []],
  [{ capabilities: ["CAP_SYS_ADMIN"] }, ["dangerous-capability services.web.capabilities[0]"]],
  [{ net: "none", capabilities: ["CAP_NET_ADMIN"] }, ["dangerous-capability services.web.capabilities[0]"]],
  [{ userns: "private", capabilities: ["CAP_NET_ADMIN"] }, []],
  [{ "capabilities.add": ["CAP_SYS_RAWIO"], waive: "lockdown" }, ['dangerous-capability services.web["capabilities.add"][0]']],
  [
    { pid: "host", ipc: "host", uts: "host" },
    ["host-namespace services.web.pid", "host-namespace services.web.ipc", "host-namespace services.web.uts"],
  ],
  [{ seccomp: "unconfined" }, ["seccomp-off services.web.seccomp"]],
  [{ noNewPrivileges: false }, ["new-privileges services.web.noNewPrivileges"]],
  [{ uid: 0 }, ["root-user services.web.uid"]],
  [{ uid: 0, userns: "new" }, []],
  [{ uid: 0, userns: "private" }, []],
  [{ readonly: false }, ["root-writable services.web.readonly"]],
  [{ maskedPaths: [] }, ["paths-unmasked services.web.maskedPaths"]],
  [{ devices: [{ path: "all", type: "a" }] }, ["all-devices services.web.devices[0]"]],
  [{ resources: {} }, ["memory-limit services.web.resources.memory.limit"]],
  [{ resources: { memory: { limit: 1 << 26 }, pids: { limit: -1 } } }, ["process-limit services.web.resources.pids.limit"]],
  [{ net: "host" }, ["host-network services.web.net"]],
  [{ net: undefined, publish: ["80"] }, []],
  [{ net: undefined, egress: [{ to: "any", port: 443 }] }, ["egress-open services.web.egress[0].to"]],
  [{ binds: ["/etc/app:/etc/app"] }, ["host-files services.web.binds[0]"]],
  [{ binds: ["/etc/app:/etc/app:ro", "/run/app:/run/app"] }, []],
  [{ binds: ["/:/host"] }, ["host-files services.web.binds[0]"]],
  [{ binds: ["/run/containerd/containerd.sock:/s"] }, ["container-engine services.web.binds[0]"]],
  [{ binds: ["/var/run/docker.sock:/s:ro"] }, ["container-engine services.web.binds[0]"]],
  [{ binds: ["//run//docker/:/s:ro"] }, ["container-engine services.web.binds[0]"]],
  [{ binds: ["/srv/api/docker-1.sock:/s:ro"] }, ["container-engine services.web.binds[0]"]],
  [{ mounts: [{ type: "bind", source: "/run/podman", destination: "/s", options: ["ro"] }] }, ["container-engine services.web.mounts[0]"]],
  [{ binds: ["/run:/s:ro", "/srv/docker.socket:/x:ro"] }, []],
  [
    { command: ["/usr/bin/dockerd"], capabilities: ["all"], seccomp: "unconfined", maskedPaths: [], pid: "host", uid: 0 },
    ["container-engine services.web"],
  ],
  [{ binds: ["/var/data:/data"] }, ["shared-folder services.web.binds[0]"]],
  [{ mounts: [{ type: "bind", source: "/usr", destination: "/u" }] }, ["host-files services.web.mounts[0]"]],
  [
    { sandbox: "linuxkit", readonly: true, noNewPrivileges: true },
    [
      "host-namespace services.web.ipc",
      "host-namespace services.web.uts",
      "seccomp-off services.web.seccomp",
      "paths-unmasked services.web.maskedPaths",
      "paths-unmasked services.web.readonlyPaths",
      "process-limit services.web.resources.pids.limit",
    ],
  ],
];

describe("each rule reports exactly its own violations, with their paths", () => {
  for (const [fields, wanted] of BAD) {
    const { waive, ...rest } = fields as { waive?: string };
    test(JSON.stringify(fields).slice(0, 90), () => {
      const image = waive ? base.with({ harden: { waive: { [waive]: "tried here" } } }) : base;
      assert.deepEqual(found(image.with({ services: [new Service("web", { ...GOOD, ...rest } as ServiceArgs)] })), wanted);
    });
  }

  const HOSTS: readonly (readonly [ImageArgs, AuditOptions, readonly string[]])[] = [
    [{ services: [new Service("sshd", { ...GOOD, image: `ghcr.io/acme/sshd:1@${digest}` })] }, {}, ["remote-shell services.sshd.image"]],
    [
      {
        services: [new Service("login", { ...GOOD, command: ["/sbin/getty", "115200", "ttyS0"] })],
        harden: { waive: { "console.shell": "the lab's machine" } },
      },
      {},
      ["remote-shell services.login.image"],
    ],
    [
      { files: [new File("/opt/tool", { contents: "x", mode: "4755" })] },
      {},
      ["setuid-file files./opt/tool.mode", "host-program files./opt/tool.mode"],
    ],
    [
      { files: [new File("/etc/key", { contents: "-----BEGIN RSA PRIVATE KEY-----\nMII" })] },
      {},
      ["secret-in-clear files./etc/key.contents"],
    ],
    [{ kernel: { cmdline: "console=ttyS0 app.token=abcdef123" } }, {}, ["secret-in-clear kernel.cmdline"]],
    [{ init: [`ghcr.io/acme/agent:1@${digest}`] }, {}, ["init-image init[1]"]],
    [{ volumes: [new Volume("data", { image: "ghcr.io/acme/data:1" })] }, {}, ["image-digest volumes.data.image"]],
    [{}, { registryMirrors: { "ghcr.io": "http://cache.example" } }, ['registry-https registryMirrors["ghcr.io"]']],
    [{}, { registryMirrors: { "ghcr.io": "http://127.0.0.1:5000" } }, []],
    [{}, { debianMirror: "http://mirror.example/debian" }, ["mirror-https debianMirror"]],
    [{}, { profile: "strict" }, ["kernel-hardened harden.profile"]],
    [{ harden: { profile: "strict" } }, { profile: "strict", hardeningScore: 95 }, []],
    [{ harden: { profile: "default" } }, { hardeningScore: 95 }, ["kernel-hardened harden"]],
    [
      {
        services: [
          new Service("a", { ...GOOD, annotations: { sensitivity: "public" } }),
          new Service("b", { ...GOOD, annotations: { sensitivity: "secret" } }),
          new Service("c", GOOD),
        ],
      },
      {},
      ["sensitivity-mixed services.b.annotations.sensitivity", "sensitivity-mixed services.c.annotations.sensitivity"],
    ],
  ];
  for (const [more, options, wanted] of HOSTS)
    test(`${wanted.join(", ") || JSON.stringify([more, options])}`, () => assert.deepEqual(found(base.with(more), options), wanted));

  test("a kernel that is not hardened", () => assert.deepEqual(found(base.without("harden")), ["kernel-hardened harden"]));
  test("a container engine, once, and what sees its socket by a folder above", () => {
    const engine = new Service("docker", {
      ...GOOD,
      image: debian.packages({ packages: ["docker.io"] }),
      capabilities: ["all"],
      noNewPrivileges: false,
      devices: [{ path: "all", type: "a" }],
      binds: ["/etc:/etc"],
    });
    const seer = new Service("seer", { ...GOOD, binds: ["/run:/run:ro"] });
    assert.deepEqual(found(base.with({ services: [engine, seer] })), [
      "container-engine services.docker",
      "container-engine services.seer.binds[0]",
    ]);
    const waive = [{ rule: "container-engine", path: "services.docker", reason: "it is what this machine is for", until: "2026-06-01" }];
    assert.deepEqual(found(base.with({ services: [engine] }), { waive }), []);
  });
  test("debian.sshd() and debian.getty()", () => {
    const services = [
      new Service("sshd", { image: debian.sshd({ authorizedKeys: ["ssh-ed25519 AAAA me"] }) }),
      new Service("login", { image: debian.getty({ insecure: true }) }),
    ];
    const rules = found(base.with({ services, harden: { waive: { "console.shell": "the lab's machine" } } }));
    assert.deepEqual(
      rules.filter((line) => line.startsWith("remote-shell")),
      ["remote-shell services.login.image", "remote-shell services.sshd.image"],
    );
  });
});

test("unknown values are skipped", () => {
  const image = withService({
    env: [output("PASSWORD=correct-horse")],
    uid: output(0),
    image: output("nginx"),
    resources: { memory: { limit: output(1) } },
    capabilities: output(["all"]),
  });
  assert.deepEqual(found(image), []);
});

describe("secrets", () => {
  const ROWS: readonly (readonly [string, boolean, string | undefined])[] = [
    ["AKIAABCDEFGHIJKLMNOP", false, "an AWS access key"],
    [`ghp_${"a1".repeat(18)}`, false, "a GitHub token"],
    [`root:$6$saltsalt$${"h".repeat(86)}`, false, "a hash of a password"],
    ["PASSWORD=$DB_PASSWORD", true, undefined],
    ["password=short", true, undefined],
    ["const password = readFile(path)", false, undefined],
    ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@here", false, undefined],
    ["-----BEGIN CERTIFICATE-----", false, undefined],
    ["-----BEGIN PUBLIC KEY-----", false, undefined],
    ["https://user@host/path", false, undefined],
  ];
  for (const [text, named, what] of ROWS) test(text.slice(0, 40), () => assert.equal(secretIn(text, named), what));
  test("a finding does not contain the secret's value", () => {
    const { findings } = audit(withService({ env: ["TOKEN=hunter2hunter2"] }), OPTIONS);
    assert.ok(findings.length === 1 && !JSON.stringify(findings).includes("hunter2"));
  });
});

describe("waivers", () => {
  const waiver = { rule: "host-network", path: "services.web", reason: "the proxy of all others", until: "2026-06-01" };
  const image = withService({ net: "host" });
  test("cover findings until their last day, and keep the reason", () => {
    const { findings, waived, idle } = audit(image, { ...OPTIONS, waive: [waiver] });
    assert.deepEqual(
      [findings, idle, waived.map(({ path, waiver: by }) => [path, by.reason])],
      [[], [], [["services.web.net", "the proxy of all others"]]],
    );
  });
  test("an expired one covers no finding, and the finding mentions it", () => {
    const { findings, waived, idle } = audit(image, { ...OPTIONS, waive: [waiver], date: new Date("2026-06-02") });
    assert.deepEqual([waived, idle], [[], [waiver]]);
    assert.match(findings[0]?.message ?? "", /it was waived until 2026-06-01: the proxy of all others/);
  });
  test("for another path cover no finding", () => {
    for (const path of ["services.we", "services.web.ne", "services.other"])
      assert.equal(audit(image, { ...OPTIONS, waive: [{ ...waiver, path }] }).findings.length, 1, path);
    assert.equal(audit(image, { ...OPTIONS, waive: [{ ...waiver, path: undefined }] }).findings.length, 0);
  });
  const WRONG: readonly (readonly [object, RegExp])[] = [
    [{ rule: "host-net" }, /^waive\[0\]\.rule: got "host-net", wanted one of /],
    [{ reason: " " }, /^waive\[0\]\.reason: missing/],
    [{ until: "2026-02-30" }, /^waive\[0\]\.until: got "2026-02-30", wanted the last valid day/],
    [{ until: undefined }, /^waive\[0\]\.until: got undefined/],
  ];
  for (const [fields, message] of WRONG)
    test(String(message), () =>
      assert.throws(() => audit(image, { waive: [{ ...waiver, ...fields } as never] }), { code: "INVALID_DEFINITION", message }),
    );
});

test("the levels of the rules can be overridden", () => {
  const levels = (options: AuditOptions) =>
    audit(withService({ net: "host" }), { ...OPTIONS, ...options }).findings.map(({ level }) => level);
  assert.deepEqual([levels({}), levels({ levels: { "host-network": "mandatory" } })], [["advisory"], ["mandatory"]]);
  assert.throws(() => levels({ levels: { "host-net": "advisory" } }), /levels\["host-net"\]: unknown rule/);
  assert.throws(() => levels({ levels: { "host-network": "off" as never } }), /wanted "advisory" or "mandatory"/);
});

describe("what an image's label opens", () => {
  const wide = { capabilities: ["CAP_SYS_ADMIN"], pid: "host", runtime: { mkdir: ["/etc/x"] } };
  const allowed = withService({ label: "allow" });
  test("is judged by every rule where the definition allows it", () =>
    assert.deepEqual(found(allowed, { labels: { "services.web": wide } }), [
      "image-label services.web.label",
      "dangerous-capability services.web.capabilities[0]",
      "host-namespace services.web.pid",
    ]));
  test("is named as it is, without characters that a terminal obeys", () => {
    const [finding] = audit(allowed, {
      ...OPTIONS,
      labels: { "services.web": { ...wide, cgroupsPath: "\u001b[2J\u009b2J\u202e" } },
    }).findings;
    assert.equal(
      finding?.message,
      `the label of ${pinned} opens its sandbox: capabilities ["CAP_SYS_ADMIN"], pid "host", runtime {"mkdir":["/etc/x"]}, cgroupsPath "\\u001b[2J\\u009b2J\\u202e"`,
    );
  });
  test("is a finding while it was not read, and none where it opens nothing", () => {
    assert.deepEqual(found(allowed), ["image-label services.web.label"]);
    assert.deepEqual(found(allowed, { labels: { "services.web": { command: ["x"], uid: 5 } } }), []);
  });
  test("is nothing without the definition's word", () =>
    assert.deepEqual(found(withService({}), { labels: { "services.web": wide } }), []));
  test("is said of LinuxKit's sandbox once labels are read", () => {
    const yaml = Image.fromYaml(`services:\n  - {name: web, image: "${pinned}", pid: new}\n  - {name: db, image: "${pinned}"}\n`);
    const labels = { "services.web": wide };
    const said = (options: AuditOptions) =>
      audit(yaml, { ...OPTIONS, ...options }).findings.flatMap(({ rule, path, message }) =>
        rule === "linuxkit-label" ? [`${path}: ${message}`] : [],
      );
    assert.deepEqual(said({}), []);
    assert.deepEqual(said({ labels }), [
      'services.web.image: its label adds capabilities ["CAP_SYS_ADMIN"], runtime {"mkdir":["/etc/x"]}',
      "services.db.image: its label was not read",
    ]);
    assert.ok(found(yaml, { labels }).includes("dangerous-capability services.web.capabilities[0]"));
    assert.ok(!found(yaml, { labels }).includes("host-namespace services.web.pid"));
  });
});

test("every section has rules or says what covers it, and every rule has a section", () => {
  for (const { section, elsewhere } of SECTIONS) assert.ok(rulesOf(section).length > 0 || elsewhere, section);
  const known = SECTIONS.map(({ section }) => section);
  for (const name of RULE_NAMES)
    assert.ok(
      RULES[name]?.sections.every((section) => known.includes(section)),
      name,
    );
});

test("docs/security.md has every section with its rules, and every rule with its level", () => {
  const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
  for (const { section, title } of SECTIONS) {
    const rules = rulesOf(section)
      .map((name) => `\`${name}\``)
      .join(", ");
    assert.ok(page.includes(`\n| ${section} ${title} | ${rules || "–"} |`), section);
  }
  for (const name of RULE_NAMES) assert.ok(page.includes(`\n| \`${name}\` | ${RULES[name]?.level} | ${RULES[name]?.holds} |`), name);
});

test("as text, each section appears once, in order, and each finding once with its remedy", () => {
  const lines = auditLines(
    audit(withService({ net: "host", capabilities: ["all"] }), {
      ...OPTIONS,
      waive: [
        { rule: "dangerous-capability", reason: "a debugger", until: "2026-12-31" },
        { rule: "root-user", reason: "x", until: "2026-12-31" },
      ],
    }),
  );
  assert.deepEqual(
    lines.flatMap((line) => /^\d[\d.]+/.exec(line)?.[0] ?? []),
    SECTIONS.map(({ section }) => section),
  );
  assert.equal(lines.filter((line) => line.includes("services.web.net")).length, 1);
  assert.ok(lines.includes("4.4.2  unbounded network access from containers: 1 found"));
  assert.ok(
    lines.some((line) => /waived until 2026-12-31: services\.web\.capabilities\[0\] \(dangerous-capability\): a debugger/.test(line)),
  );
  assert.ok(lines.some((line) => line.startsWith("unused waiver: root-user, until 2026-12-31")));
});
