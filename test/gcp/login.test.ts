import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { gcpLogin } from "../../providers/gcp/access/login.ts";

describe("a key that the program gives", () => {
  const rows: readonly (readonly [type: string, refused: RegExp])[] = [
    ["service_account", /client_email/],
    ["authorized_user", /client_id/],
  ];
  for (const [type, refused] of rows) {
    test(`${type}: is read by its type, and without a word to the engine's display`, async () => {
      const warned = mock.method(console, "warn", () => {});
      try {
        await assert.rejects(gcpLogin({ credentials: JSON.stringify({ type }) }, {})(), refused);
        assert.equal(warned.mock.callCount(), 0);
      } finally {
        warned.mock.restore();
      }
    });
  }
});
