import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MOST_LINKS, privateLink, privateLinks } from "../../sdk/guest/firewall.ts";
import { Random, seed } from "../support/random.ts";

describe("the links of services", () => {
  test("have two addresses each", () => {
    assert.deepEqual(privateLink(0), { link: "lk0", gateway: "198.18.0.0", address: "198.18.0.1" });
    assert.deepEqual(privateLink(200), { link: "lk200", gateway: "198.18.1.144", address: "198.18.1.145" });
    assert.deepEqual(privateLink(MOST_LINKS - 1), { link: "lk32767", gateway: "198.18.255.254", address: "198.18.255.255" });
  });

  // judged by sha256sum: another address would change the images of all who have services
  test("are known by their names", () => {
    assert.deepEqual(privateLinks(["db"]).get("db"), { link: "lk9681", gateway: "198.18.75.162", address: "198.18.75.163" });
  });

  test("stay when services are added, removed and reordered", () => {
    const before = privateLinks(["app", "db"]);
    for (const names of [["db", "app"], ["app", "cache", "db"], ["aaa", "db", "zzz", "app"], ["db"]])
      for (const [name, link] of privateLinks(names)) assert.deepEqual(link, before.get(name) ?? link, names.join());
  });

  test("are apart even where names share a number", () => {
    const start = seed();
    const random = new Random(start);
    const names = Array.from({ length: 2000 }, () => `service-${random.below(1 << 30)}`);
    const links = privateLinks(new Set(names));
    assert.equal(new Set([...links.values()].map(({ link }) => link)).size, new Set(names).size, `TEST_SEED=${start}`);
    assert.deepEqual(privateLinks(new Set(names.toReversed())), links);
  });
});
