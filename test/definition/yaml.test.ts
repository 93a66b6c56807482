import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { Image } from "../../sdk/definition/image.ts";
import { File } from "../../sdk/definition/file.ts";
import { bundles } from "../../sdk/runtime/bundle.ts";
import { cases, yamlOf } from "../support/conformance.ts";

// what only resolving or building can see
const REFUSED_LATER = ["file-missing-source", "image-not-found", "kernel-without-binary"];

/** Case → what the one failure says after the file's name. */
const REFUSED: Readonly<Record<string, string>> = {
  "bind-four-parts": '10: services.app.binds[0]: got "/a:/b:ro:x", wanted "source:/destination" or "source:/destination:options"',
  "bind-one-part": '10: services.app.binds[0]: got "/a", wanted "source:/destination" or "source:/destination:options"',
  "capability-without-prefix":
    '10: services.app.capabilities[0]: got "NET_ADMIN", wanted the name of a capability: did you mean "CAP_NET_ADMIN"?',
  "device-without-mode": '11: services.app.devices[0].mode: missing, wanted octal digits in quotes, as "0660"',
  "duplicate-service": '10: services.a.name: got "a", which linuxkit.yml:8 also has, wanted another name',
  "file-escapes-tree": '8: files["../../etc/passwd"].path: got "../../etc/passwd", wanted a path that stays in the tree, without ".."',
  "file-two-kinds":
    "8: files.a: got an object, wanted exactly one of directory, symlink, contents, source and metadata, not contents and source",
  "file-without-kind": "8: files.a: got an object, wanted exactly one of directory, symlink, contents, source and metadata",
  "missing-image": "8: services.a.image: missing, wanted a string",
  "mount-without-type": '11: services.app.mounts[0].type: missing, wanted a filesystem type, or "bind"',
  "name-escapes-tree":
    '8: services["../../x"].name: got "../../x", wanted at most 76 letters, digits or "_", "+", "-", ".", not beginning with "." or "-"',
  "not-yaml": "2: not YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
  "null-list": "10: services.app.binds: got null, wanted a list",
  "rlimit-two-parts": '10: services.app.rlimits[0]: got "nofile,1", wanted "name,soft,hard", as "nofile,1024,4096"',
  "rlimit-unknown":
    '10: services.app.rlimits[0]: got "speed,1,2", wanted a limit of as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack',
  "rw-on-readonly-volume": '14: services.a.binds[0]: volume "v" is read-only, wanted the option "ro"',
  "tmpfs-two-colons": '10: services.app.tmpfs[0]: got "/a:b:c", wanted "/destination" or "/destination:options"',
  "undeclared-volume": '10: services.app.binds[0]: volume "nowhere" not found, wanted an absolute path: this image has no volumes',
  "unknown-top-level": '7: sevices: unknown property: did you mean "services"?',
  "unknown-user": '10: services.app.uid: got "nobody-here", which is not a container or user of the image, wanted a number or one of app',
  "veth-without-peer": "12: services.app.runtime.interfaces[0].peer: missing, wanted the name of the other end of the veth pair",
  "volume-bad-name": '8: volumes.Bad/Name.name: got "Bad/Name", wanted lower-case letters, digits, _ and -',
};

/** Cases whose message goes on with a long list. */
const REFUSED_WITH_LIST: Readonly<Record<string, string>> = {
  "unknown-capability": '10: services.app.capabilities[0]: got "CAP_FLY", wanted one of CAP_CHOWN, ',
  "unknown-field": "10: services.app.privileged: unknown property, wanted one of name, image, command, ",
};

describe("fromYaml refuses", () => {
  const refused = cases("refused").filter((name) => !REFUSED_LATER.includes(name));
  for (const name of refused) {
    test(name, () =>
      assert.throws(
        () => Image.fromYaml(yamlOf("refused", name)),
        (error) => {
          assert.ok(isLinuxKitError(error, "INVALID_DEFINITION"));
          const start = REFUSED_WITH_LIST[name];
          if (start !== undefined) assert.ok(error.message.startsWith(`linuxkit.yml:${start}`), error.message);
          else
            assert.equal(
              error.message,
              name === "empty" ? "linuxkit.yml: it is empty, wanted LinuxKit's YAML" : `linuxkit.yml:${REFUSED[name]}`,
            );
          return true;
        },
      ),
    );
  }
});

describe("fromYaml → toYaml → fromYaml gives the same definition", () => {
  for (const name of cases("accepted")) {
    test(name, () => {
      const first = Image.fromYaml(yamlOf("accepted", name));
      const second = Image.fromYaml(first.toYaml());
      assert.deepEqual(second.spec, first.spec);
      assert.deepEqual(Object.keys(second.spec.services), Object.keys(first.spec.services));
    });
  }
});

describe("scalars are not coerced", () => {
  const service = (field: string): string => `services:\n  - name: a\n    image: x\n    ${field}\n`;
  for (const [field, message, line = 4] of [
    ["env: [1]", "services.a.env[0]: got 1, wanted a string: put it in quotes"],
    ["readonly: yes", 'services.a.readonly: got "yes", wanted true or false'],
    ["readonly: on", 'services.a.readonly: got "on", wanted true or false'],
    ["sysctl: {a.b: 1}", 'services.a.sysctl["a.b"]: got 1, wanted a string: put it in quotes'],
    ["annotations: {a: true}", "services.a.annotations.a: got true, wanted a string: put it in quotes"],
    ["command: sh", 'services.a.command: got "sh", wanted a list: put it in [ ]'],
    ['uid: "1000"', 'services.a.uid: got "1000", which is not a container or user of the image: a number is written without quotes'],
    ["binds: [/a:/a]\n    binds: []", "not YAML: map keys must be unique", 5],
  ] as const) {
    test(field, () =>
      assert.throws(() => Image.fromYaml(service(field)), { code: "INVALID_DEFINITION", message: `linuxkit.yml:${line}: ${message}` }),
    );
  }
  test("a number with a leading zero is octal", () => assert.equal(Image.fromYaml(service("uid: 0644")).spec.services["a"]?.uid, 0o644));
});

describe("what LinuxKit takes is taken", () => {
  for (const [what, scalar] of [
    ["a literal block", "|\n    console=ttyS0\n    quiet\n"],
    ["a folded block", ">\n    console=ttyS0\n    quiet\n"],
    ["a block that keeps its end", "|+\n    console=ttyS0 quiet\n\n"],
    ["a quoted text of two lines", '"console=ttyS0\\n  quiet\\n"'],
  ] as const) {
    test(`${what} as the command line`, () =>
      assert.equal(Image.fromYaml(`kernel:\n  image: k\n  cmdline: ${scalar}`).spec.kernel?.cmdline, "console=ttyS0 quiet"));
  }
  test("Unlimited, in any case, and the largest limit is what it means", () => {
    for (const word of ["Unlimited", "UNLIMITED", "unlimited"]) {
      const { spec } = Image.fromYaml(`services: [{name: a, image: x, rlimits: ["memlock,${word}, ${word}"]}]\n`);
      const plain = { entrypoint: ["x"], cmd: [], env: [], workingDir: "", user: "", stopSignal: "", label: {} };
      assert.match(bundles(spec, () => plain, "amd64")[0]?.config ?? "", /"hard": 18446744073709551615,\s+"soft": 18446744073709551615/);
    }
  });
  for (const end of ["---\n", "---", "...\n---\n", "---\n# the end\n", "---\n---\n", "--- ~\n"]) {
    test(`${JSON.stringify(end)} at the end`, () => assert.deepEqual(Image.fromYaml(`---\ninit: [a]\n${end}`).spec.init, ["a"]));
  }
  test("a second document with content is refused, wherever it is", () => {
    for (const end of ["---\ninit: [b]\n", "---\n---\ninit: [b]\n"])
      assert.throws(() => Image.fromYaml(`init: [a]\n${end}`), { message: /: a second document begins here, wanted one in each text$/ });
  });
});

test("a mode without quotes is refused with the digits that were meant", () => {
  const refused = (mode: string): string => {
    try {
      Image.fromYaml(`files: [{path: a, contents: x, mode: ${mode}}]\n`);
    } catch (error) {
      return (error as Error).message;
    }
    return "taken";
  };
  for (const [typed, meant, got = Number.parseInt(typed, 8)] of [
    ["0644", "0644"],
    ["0755", "0755"],
    ["0777", "0777"],
    ["0600", "0600"],
    ["0440", "0440"],
    ["644", "0644", 644],
    ["755", "0755", 755],
    ["1777", "1777", 1777],
    ["444", "0444", 444],
  ] as const) {
    assert.equal(refused(typed), `linuxkit.yml:1: files.a.mode: got ${got}, wanted octal digits in quotes: "${meant}"`);
  }
  assert.equal(refused("true"), 'linuxkit.yml:1: files.a.mode: got true, wanted octal digits in quotes, as "0644"');
  assert.throws(() => new File("a", { contents: "x", mode: 0o755 as never }), {
    message: 'files.a.mode: got 493, wanted octal digits in quotes: "0755"',
  });
});

describe("several texts", () => {
  const base = "kernel: {image: k, cmdline: a, tar: none}\ninit: [one]\nvolumes: [{name: v}]\nservices: [{name: b, image: x}]\n";
  test("lists are appended, the kernel's fields override, volumes are known everywhere", () => {
    const { spec } = Image.fromYaml([
      base,
      "kernel: {cmdline: b, binary: '', tar: ''}\ninit: [two]\nservices: [{name: a, image: y, binds: ['v:/v']}]\n",
    ]);
    assert.deepEqual(spec.kernel, { image: "k", cmdline: "b", binary: "kernel", tar: "", ucode: "" });
    assert.deepEqual(spec.init, ["one", "two"]);
    assert.deepEqual(spec.serviceOrder, ["b", "a"]);
  });
  test("a name used twice is told with both places", () =>
    assert.throws(() => Image.fromYaml([base, "\n\nservices: [{name: b, image: y}]\n"], { sources: ["base.yml", "app.yml"] }), {
      message: 'app.yml:3: services.b.name: got "b", which base.yml:4 also has, wanted another name',
    }));
  test("a failure names the text it is in", () =>
    assert.throws(() => Image.fromYaml([base, "onboot:\n- {name: t, image: y, uid: who}\n"], { sources: ["base.yml", "app.yml"] }), {
      message: 'app.yml:2: onboot.t.uid: got "who", which is not a container or user of the image, wanted a number or one of t, b',
    }));
});

describe("files are of the kind that LinuxKit looks at first", () => {
  const file = (fields: string): object => Image.fromYaml(`files:\n- {path: a, ${fields}}\n`).spec.files[0] as object;
  for (const [fields, wanted] of [
    ["directory: true, symlink: x", { path: "a", directory: true, mode: "0700", uid: 0, gid: 0 }],
    ["symlink: x, contents: y", { path: "a", symlink: "x", mode: "0600", uid: 0, gid: 0 }],
    ["contents: '', mode: '0644'", { path: "a", contents: "", mode: "0644", uid: 0, gid: 0 }],
    ["source: s, optional: true", { path: "a", source: "s", optional: true, mode: "0600", uid: 0, gid: 0 }],
    ["metadata: json", { path: "a", metadata: "json", mode: "0600", uid: 0, gid: 0 }],
  ] as const) {
    test(fields, () => assert.deepEqual(file(fields), wanted));
  }
  for (const fields of ["directory: true, contents: x", "contents: x, metadata: yaml", "mode: '0644'", "source: ''"]) {
    test(`${fields} is refused`, () => assert.throws(() => file(fields), { code: "INVALID_DEFINITION" }));
  }
});

test("a package's folder is refused, since only LinuxKit can name its image", () =>
  assert.throws(() => Image.fromYaml("init:\n- a\n- '@pkg:./x'\n"), { message: /^linuxkit\.yml:3: @pkg:\.\/x names a package's folder/ }));

test("trust is taken and of no effect", () => assert.deepEqual(Image.fromYaml("trust: {org: [linuxkit]}\ninit: [a]\n").spec.init, ["a"]));

test("an alias that multiplies itself is refused", () => {
  const levels = Array.from({ length: 12 }, (_, level) => `  l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(", ")}]`);
  assert.throws(() => Image.fromYaml(`services:\n  l0: &l0 x\n${levels.join("\n")}\n`), { code: "INVALID_DEFINITION", message: /alias/ });
});
