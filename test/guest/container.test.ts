import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type GuestContainer, guestContainer, secretsPath } from "../../sdk/guest/container.ts";
import { quote } from "../../sdk/guest/quote.ts";
import { runShell } from "../support/guest-shell.ts";

const NASTY = [
  "plain",
  "",
  "two words",
  "it's",
  "'; echo run; '",
  "'\\''",
  "$(echo run)",
  "`echo run`",
  "$HOME ${HOME}",
  "back\\slash\\",
  "line\nbreak",
  "trailing\n",
  "* ? [a] ~ !",
  "-n",
  "a\tb\u00e4\u{1f600}",
  '"double"',
  "#x;&|<>(){}",
];

/** Runs a rendered file in BusyBox's shell, with functions that print their names and arguments. */
async function calls(text: string, functions: readonly string[], call: string): Promise<string[][]> {
  const tell = `tell() { for a; do printf '<%s>' "$a"; done; printf '\\036'; }`;
  const stubs = functions.map((name) => `${name}() { tell ${name} "$@"; }`);
  const { stdout, stderr } = await runShell([tell, ...stubs, text, call].join("\n"), "/");
  assert.equal(stderr, "");
  return stdout
    .split("\u001e")
    .slice(0, -1)
    .map((one) => one.slice(1, -1).split("><"));
}

describe("quote", () => {
  for (const text of NASTY) {
    test(JSON.stringify(text), async () => {
      const { stdout } = await runShell(`printf %s ${quote(text)}`, "/");
      assert.equal(stdout, text);
    });
  }
  test("NUL is refused", () => assert.throws(() => quote("a\0b"), RangeError));
});

const SERVICE: GuestContainer = { name: "web", phase: "services", directory: "web", rootfs: { readonly: true } };
const TASK: GuestContainer = { name: "dhcp", phase: "onboot", directory: "000-dhcp", rootfs: { readonly: true } };

describe("guestContainer", () => {
  const variables = async (container: GuestContainer, names: string) => {
    const { stdout } = await runShell(`${guestContainer(container)}\nfor n in ${names}; do eval "printf '%s\\n' \\"\\$$n\\""; done`, "/");
    return stdout.split("\n").slice(0, -1);
  };

  test("a service's defaults", async () => {
    const names = "name id bundle log restart stop_timeout secrets owner checked attached";
    assert.deepEqual(await variables(SERVICE, names), [
      "web",
      "web",
      "/containers/services/web",
      "/run/log/web.log",
      "always",
      "10",
      "",
      "0:0",
      "0",
      "0",
    ]);
  });
  test("a task's defaults", async () => {
    assert.deepEqual(await variables(TASK, "name id log timeout optional"), [
      "dhcp",
      "000-dhcp",
      "/run/log/onboot/000-dhcp.log",
      "300",
      "0",
    ]);
    assert.deepEqual(await variables({ ...TASK, phase: "onshutdown" }, "log timeout"), ["/run/log/onshutdown/000-dhcp.log", "30"]);
  });
  test("sets every given value", async () => {
    const container: GuestContainer = {
      ...SERVICE,
      uid: 33,
      gid: 44,
      restart: "on-failure",
      stopTimeout: 2.5,
      secrets: ["key", "token"],
      health: { tcp: { port: 80 }, interval: 0.5, timeout: 2, retries: 7 },
    };
    const names = "restart stop_timeout secrets owner checked interval check_timeout retries";
    assert.deepEqual(await variables(container, names), ["on-failure", "2.5", "key token", "33:44", "1", "0.5", "2", "7"]);
  });
  for (const text of NASTY.filter((word) => !word.endsWith("\n"))) {
    test(`${JSON.stringify(text)} in a name, a mount and a command is not run`, async () => {
      const container: GuestContainer = {
        ...SERVICE,
        name: text,
        runtime: {
          mounts: [{ destination: `/m/${text}`, type: text, source: text, options: [text, "ro"] }],
          mkdir: [`/d/${text}`],
          cgroups: [text],
          bindNS: { net: `/n/${text}` },
          interfaces: [{ name: text, peer: text || "p" }],
        },
        health: { command: ["test", text] },
      };
      const text2 = guestContainer(container);
      const functions = ["make_folder", "mount_at", "check_command", "add_veth", "bind_namespace"];
      assert.deepEqual(await calls(text2, functions, 'tell "$name"; prepare; attach; check'), [
        [text],
        ["make_folder", `/sys/fs/cgroup/${text}`],
        ["mount_at", text, text, `${text},ro`, `/m/${text}`],
        ["make_folder", `/d/${text}`],
        ["add_veth", text, text || "p"],
        ["bind_namespace", "net", `/n/${text}`],
        ["check_command", "test", text],
      ]);
    });
  }
  const roots: readonly [string, GuestContainer["rootfs"], string[][]][] = [
    ["its own, read-only", { readonly: true }, []],
    [
      "another's, read-only",
      { readonly: true, extracted: "/containers/services/a/rootfs" },
      [["bind_root", "/containers/services/a/rootfs", "/containers/services/web/rootfs"]],
    ],
    ["its own, writable", { readonly: false }, [["overlay_root", "/containers/services/web/lower", "/containers/services/web"]]],
    ["another's, writable", { readonly: false, extracted: "/x/lower" }, [["overlay_root", "/x/lower", "/containers/services/web"]]],
  ];
  for (const [what, rootfs, want] of roots) {
    test(`prepares a root of ${what}, without LinuxKit's own mounts for it`, async () => {
      const runtime = {
        mounts: [
          { destination: "/containers/services/web/tmp", type: "tmpfs", source: "tmpfs" },
          { destination: "/containers/services/web/tmp", options: ["remount", "private"] },
          { destination: "/containers/services/web/rootfs", type: "overlay", source: "overlay", options: ["lowerdir=/x"] },
          { destination: "inner", type: "tmpfs", source: "tmpfs" },
        ],
        mkdir: ["var/x"],
      };
      const text = guestContainer({ ...SERVICE, rootfs, runtime });
      assert.deepEqual(await calls(text, ["bind_root", "overlay_root", "mount_at", "make_folder"], "prepare"), [
        ...want,
        ["mount_at", "tmpfs", "tmpfs", "", "/containers/services/web/rootfs/inner"],
        ["make_folder", "/containers/services/web/rootfs/var/x"],
      ]);
    });
  }
  test("the root of a user namespace gets mount points, and owns the folders made for it", async () => {
    const text = guestContainer({ ...SERVICE, idBase: 131_072, runtime: { mkdir: ["/a"], cgroups: ["c"] } });
    assert.deepEqual(await calls(text, ["open_root", "make_folder"], "prepare"), [
      ["open_root", "/containers/services/web/rootfs", "/containers/services/web/rootfs"],
      ["make_folder", "/sys/fs/cgroup/c"],
      ["make_folder", "/a", "131072"],
    ]);
  });
  test("a failed step of prepare stops it", async () => {
    const text = guestContainer({ ...SERVICE, runtime: { mkdir: ["/a", "/b"] } });
    const { stdout } = await runShell(`make_folder() { echo "$1"; return 1; }\n${text}\nprepare || echo failed`, "/");
    assert.equal(stdout, "/a\nfailed\n");
  });
  const checks: readonly [GuestContainer, string[]][] = [
    [{ ...SERVICE, health: { http: { port: 80 } } }, ["check_http", "80", "/", "200"]],
    [{ ...SERVICE, health: { http: { port: 80, path: "/ok?a=b&c", status: 204 } } }, ["check_http", "80", "/ok?a=b&c", "204"]],
    [{ ...SERVICE, health: { tcp: { port: 5432 } } }, ["check_tcp", "5432"]],
    [{ ...SERVICE, privateNetwork: true, health: { tcp: { port: 5432 } } }, ["inside", "check_tcp", "5432"]],
    [{ ...SERVICE, health: { command: ["pg_isready", "-q"] } }, ["check_command", "pg_isready", "-q"]],
  ];
  for (const [container, want] of checks) {
    test(`check: ${want.join(" ")}`, async () => {
      assert.deepEqual(await calls(guestContainer(container), ["check_http", "check_tcp", "check_command", "inside"], "check"), [want]);
    });
  }
  for (const port of [Number.NaN, -1, Infinity])
    test(`${port} is refused`, () => assert.throws(() => guestContainer({ ...SERVICE, health: { tcp: { port } } }), RangeError));
});

test("a service's secrets have their own folder", () => assert.equal(secretsPath("web"), "/run/linuxkit/secrets/web"));
