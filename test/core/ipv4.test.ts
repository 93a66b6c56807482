import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4After, ipv4Network, ipv4Number, ipv4Size, ipv4Text } from "../../sdk/core/ipv4.ts";

for (const [text, first, bits] of [
  ["10.200.5.9/16", "10.200.0.0", 16],
  ["192.168.1.255/32", "192.168.1.255", 32],
  ["255.255.255.255/0", "0.0.0.0", 0],
  ["172.17.129.1/17", "172.17.128.0", 17],
] as const)
  test(`${text} is in the network that begins at ${first}`, () => {
    const network = ipv4Network(text);
    assert.deepEqual(network, { first: ipv4Number(first), bits });
    assert.equal(ipv4Text(network?.first ?? Number.NaN), first);
    assert.equal(ipv4Size(bits), 2 ** (32 - bits));
  });

for (const [address, steps, after] of [
  ["10.77.0.21/24", 0, "10.77.0.21/24"],
  ["10.77.0.254/16", 3, "10.77.1.1/16"],
  ["10.77.1.1", -3, "10.77.0.254"],
] as const)
  test(`${steps} after ${address} is ${after}`, () => assert.equal(ipv4After(address, steps), after));

for (const text of ["10.0.0.0", "10.0.0/8", "10.0.0.256/8", "10.0.0.0/33", "10.0.0.0/8/9", "fe80::/10", "/8", ""])
  test(`${JSON.stringify(text)} is no network`, () => assert.equal(ipv4Network(text), undefined));
