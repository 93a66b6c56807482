import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { provider } from "../../providers/plugin/provider.ts";

describe("the plugin's table", () => {
  for (const [token, load] of Object.entries(provider.types)) {
    test(`${token} is one resource type for all requests: it may remember one for the next`, async () => {
      assert.equal(await load(), await load());
      assert.equal((await load()).token, token);
    });
  }
});
