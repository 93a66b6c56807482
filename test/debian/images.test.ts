import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { canonicalJson } from "../../sdk/core/json.ts";
import { type DebianImage, debianImageSchema } from "../../sdk/definition/debian-image.ts";
import { debian } from "../../sdk/debian/images.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE someone";

const GOOD: Record<string, () => DebianImage> = {
  packages: () => debian.packages({ packages: ["nginx-light"], command: ["nginx", "-g", "daemon off;"], tmpfs: ["/run"] }),
  kernel: () => debian.kernel({ flavour: "generic", modules: ["wireguard"] }),
  init: () => debian.init({ runtime: "runc" }),
  dhcp: () => debian.dhcp({ interface: "eth1", timeout: 20, nameservers: ["192.0.2.1"] }),
  "dhcp, renewing": () => debian.dhcp({ renew: true }),
  sysctl: () => debian.sysctl({ "vm.overcommit_memory": 1, "net.ipv4.ip_forward": "1" }),
  chrony: () => debian.chrony({ servers: ["192.0.2.1"] }),
  "chrony, on Google Cloud": () => debian.chrony({ cloud: "gcp" }),
  sshd: () => debian.sshd({ authorizedKeys: [KEY] }),
  "sshd, keys of the machine": () => debian.sshd({ authorizedKeysFile: "/run/keys/admin", hostKeys: "/var/ssh", port: 2222 }),
  "getty, password": () => debian.getty({ passwordHash: "$6$salt$hash" }),
  "getty, insecure": () => debian.getty({ insecure: true, console: "ttyAMA0" }),
  mount: () => debian.mount({ label: "data", path: "/var/lib/data" }),
  format: () => debian.format({ label: "data", serial: "vol-1", uid: 999 }),
  "format, a partition": () => debian.format({ label: "data", device: "/dev/nvme1n1p2", partition: false, timeout: 5 }),
  extend: () => debian.extend({ label: "data" }),
  disk: () => debian.disk({ label: "data", path: "/mnt/data", options: ["noatime"] }),
  caCertificates: () => debian.caCertificates(),
  "metadata, of Google": () => debian.metadata({ cloud: "gcp" }),
  "metadata, of Azure": () => debian.metadata({ cloud: "azure", ready: false }),
  metadata: () => debian.metadata({ cloud: "aws", endpoint: "[fd00:ec2::254]:80", timeout: 5 }),
  secrets: () => debian.secrets({ cloud: "aws" }),
  "secrets, of Google": () => debian.secrets({ cloud: "gcp", endpoints: { secretmanager: "https://secretmanager-p.example.com" } }),
  "secrets, of Azure": () => debian.secrets({ cloud: "azure", identity: "00000000-0000-0000-0000-000000000000" }),
  "secrets, endpoints of a network": () =>
    debian.secrets({
      cloud: "aws",
      timeout: 20,
      endpoints: { ssm: "https://10.0.0.7:8443" },
      authorities: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    }),
};

describe("every image is plain JSON that its schema accepts, frozen, and equal each time", () => {
  for (const [name, make] of Object.entries(GOOD)) {
    test(name, () => {
      const image = make();
      assert.deepEqual(debianImageSchema.parse(JSON.parse(JSON.stringify(image))), image);
      assert.equal(canonicalJson(image), canonicalJson(make()));
      assert.throws(() => (image.debian.packages as string[]).push("more"), TypeError);
    });
  }
});

test("chrony asks the machine's own source first, except where the program names what to ask", () => {
  const OWN = "include /run/sources.conf";
  const POOL = "pool 2.debian.pool.ntp.org iburst";
  const rows: [Parameters<typeof debian.chrony>[0], sources: string[], command: string[]][] = [
    [{}, [OWN, POOL], ["/usr/bin/linuxkitd", "chrony", "auto"]],
    [{ settings: ["maxupdateskew 100"] }, [OWN, POOL], ["/usr/bin/linuxkitd", "chrony", "auto"]],
    [{ cloud: "aws" }, [OWN, POOL], ["/usr/bin/linuxkitd", "chrony", "aws"]],
    [{ cloud: "azure", pools: [] }, [OWN], ["/usr/bin/linuxkitd", "chrony", "azure"]],
    [{ cloud: "gcp", servers: ["192.0.2.1"] }, [OWN, "server 192.0.2.1 iburst"], ["/usr/bin/linuxkitd", "chrony", "gcp"]],
    [{ servers: ["192.0.2.1"] }, ["server 192.0.2.1 iburst"], ["chronyd", "-d", "-f", "/etc/chrony/chrony.conf"]],
    [{ pools: ["pool.example.com"] }, ["pool pool.example.com iburst"], ["chronyd", "-d", "-f", "/etc/chrony/chrony.conf"]],
  ];
  for (const [args, sources, command] of rows) {
    const { debian: recipe, config } = debian.chrony(args);
    const text = recipe.files.find(({ path }) => path === "etc/chrony/chrony.conf")?.contents ?? "";
    const given = text.split("\n").filter((line) => /^(include|pool|server) /.test(line));
    assert.deepEqual([given, config.command, recipe.program], [sources, command, command.length === 3 ? "linuxkitd" : undefined]);
    // the host's clocks, where the machine's own sources are asked, and no device by itself
    assert.deepEqual([config.annotations !== undefined, config.devices], [command.length === 3, undefined]);
  }
});

describe("invalid arguments are refused with their names", () => {
  const bad: Record<string, [() => unknown, RegExp]> = {
    "no package": [() => debian.packages({ packages: [] }), /debian\.packages: packages: got an empty list, wanted at least one package/],
    "a package's name": [() => debian.packages({ packages: ["Nginx"] }), /packages\[0\]: got "Nginx", wanted a Debian package name/],
    "a misspelt field": [
      () => debian.packages({ packages: ["nginx"], comand: [] } as never),
      /debian\.packages: comand: unknown property: did you mean "command"\?/,
    ],
    "a flavour": [() => debian.kernel({ flavour: "rt" as never }), /debian\.kernel: flavour: got "rt"/],
    "a runtime": [() => debian.init({ runtime: "youki" as never }), /debian\.init: runtime/],
    "a time limit": [() => debian.dhcp({ timeout: 0 }), /debian\.dhcp: timeout: got 0/],
    "a sysctl": [() => debian.sysctl({ forward: 1 }), /debian\.sysctl: forward/],
    "no sysctl": [() => debian.sysctl({}), /at least one setting/],
    "an SSH server without keys": [() => debian.sshd({}), /authorizedKeys/],
    "a shell without a password or insecure: true": [() => debian.getty({}), /passwordHash: missing, wanted a password hash/],
    "label and device": [
      () => debian.mount({ label: "a", device: "/dev/vda" }),
      /debian\.mount: got both label and device, wanted one of them/,
    ],
    "a mount over the system": [() => debian.mount({ label: "a", path: "/usr" }), /path: got "\/usr", wanted a path under \/var or \/mnt/],
    "serial and device": [
      () => debian.format({ label: "a", serial: "b", device: "/dev/vda" }),
      /debian\.format: got both serial and device, wanted one of them/,
    ],
    "a label that is too long for ext4": [
      () => debian.disk({ label: "seventeen-letters", path: "/mnt/a" }),
      /debian\.disk: label: got "seventeen-letters", wanted a label of at most 16 letters/,
    ],
    "a label with a quote": [() => debian.extend({ label: "a'b" }), /debian\.extend: label/],
    "secrets in the clear": [
      () => debian.secrets({ cloud: "aws", endpoints: { ssm: "http://10.0.0.7" } }),
      /debian\.secrets: endpoints\.ssm: got "http:\/\/10\.0\.0\.7", wanted a URL such as https:/,
    ],
    "authorities that are not certificates": [
      () => debian.secrets({ cloud: "aws", authorities: "/etc/ssl" }),
      /debian\.secrets: authorities: got "\/etc\/ssl", wanted certificates as PEM/,
    ],
    "a cloud without secrets": [() => debian.secrets({ cloud: "ibm" as never }), /debian\.secrets: cloud: got "ibm"/],
    "a disk over the system": [
      () => debian.disk({ label: "a", path: "/usr" }),
      /debian\.disk: path: got "\/usr", wanted a path under \/var or \/mnt/,
    ],
  };
  for (const [name, [make, message]] of Object.entries(bad)) {
    test(name, () => {
      assert.throws(make, (error) => isLinuxKitError(error, "INVALID_DEFINITION") && message.test(error.message));
    });
  }
});

test("in a parameter's path, dots become slashes and slashes become dots", () => {
  const { files } = debian.sysctl({
    "net.ipv4.ip_forward": 1,
    "net.ipv4.conf.eth0/1.forwarding": "1",
    "net/ipv4/tcp_syncookies": 0,
  }).debian;
  const lines = files.find(({ path }) => path === "etc/sysctl.list")?.contents;
  assert.equal(lines, "net/ipv4/ip_forward 1\nnet/ipv4/conf/eth0.1/forwarding 1\nnet/ipv4/tcp_syncookies 0\n");
});

describe("the shell scripts in the images", () => {
  for (const [name, make] of Object.entries(GOOD)) {
    for (const { path, contents } of make().debian.files) {
      if (!contents?.startsWith("#!/bin/sh")) continue;
      test(`${name}: ${path}`, () => {
        const { status, stderr } = spawnSync("sh", ["-n"], { input: contents, encoding: "utf8" });
        assert.equal(status, 0, stderr);
      });
    }
  }
});
