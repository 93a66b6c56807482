import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { firewallRules, privateLink, type PrivateNetwork } from "../../sdk/guest/firewall.ts";

const network = (index: number, fields: Partial<PrivateNetwork> = {}): PrivateNetwork => ({
  ...privateLink(index),
  publish: [],
  egress: [],
  ...fields,
});

describe("the firewall", () => {
  test("every service has its own link and two addresses", () => {
    assert.deepEqual(privateLink(0), { link: "lk0", gateway: "198.18.0.0", address: "198.18.0.1" });
    assert.deepEqual(privateLink(200), { link: "lk200", gateway: "198.18.1.144", address: "198.18.1.145" });
  });
  test("nft accepts the rules", () => {
    const rules = firewallRules([
      network(0, {
        publish: [
          { outside: 80, inside: 8080, protocol: "tcp" },
          { outside: 53, inside: 53, protocol: "udp" },
        ],
      }),
      network(1, {
        egress: [
          { to: "dns" },
          { to: "any", port: 443 },
          { to: "any" },
          { to: "10.0.0.0/8", protocol: "udp" },
          { to: "169.254.169.254", port: 80, protocol: "tcp" },
        ],
      }),
    ]);
    // in its own namespace, so that this computer's rules do not change
    const namespaces = process.getuid?.() === 0 ? ["-n"] : ["-rn"];
    execFileSync("unshare", [...namespaces, "nft", "-f", "-"], { input: rules, stdio: ["pipe", "pipe", "pipe"] });
  });
  test("translates addresses only if needed, because that takes kernel modules", () => {
    const chains = (...networks: PrivateNetwork[]): string[] =>
      [...firewallRules(networks).matchAll(/type nat hook (\w+)/g)].map(([, hook = ""]) => hook);
    assert.deepEqual(chains(network(0, { egress: [{ to: network(1).address }] }), network(1)), []);
    assert.deepEqual(chains(network(0, { publish: [{ outside: 80, inside: 80, protocol: "tcp" }] })), ["prerouting"]);
    assert.deepEqual(chains(network(0, { egress: [{ to: "10.0.0.1" }] })), ["postrouting"]);
  });
  for (const [name, egress, line] of [
    [
      "anything else than what is local to a link, and other services",
      { to: "any", port: 443 },
      "ip daddr != { 169.254.0.0/16, 198.18.0.0/16 } tcp dport 443 accept",
    ],
    ["a wide network too", { to: "0.0.0.0/0" }, "ip daddr 0.0.0.0/0 ip daddr != { 169.254.0.0/16, 198.18.0.0/16 } accept"],
    ["an address that is named", { to: "169.254.169.254", port: 80, protocol: "tcp" }, "ip daddr 169.254.169.254 tcp dport 80 accept"],
    ["name servers", { to: "dns" }, "ip daddr @nameservers meta l4proto { tcp, udp } th dport 53 accept"],
  ] as const) {
    test(name, () =>
      assert.ok(
        firewallRules([network(0, { egress: [egress] })])
          .split("\n")
          .includes(`    ${line}`),
      ),
    );
  }
});
