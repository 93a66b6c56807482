import assert from "node:assert/strict";
import { test } from "node:test";
import { privateLink } from "../../sdk/guest/firewall.ts";

test("every service has a link and two addresses of its own", () => {
  assert.deepEqual(privateLink(0), { link: "lk0", gateway: "198.18.0.0", address: "198.18.0.1" });
  assert.deepEqual(privateLink(200), { link: "lk200", gateway: "198.18.1.144", address: "198.18.1.145" });
});
