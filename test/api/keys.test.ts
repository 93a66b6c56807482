import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeMachineKeys, MACHINE_NAME } from "../../sdk/api/keys.ts";
import { judge, scratch } from "../support/judge.ts";

describe("keys of the interface", () => {
  const keys = makeMachineKeys("web", 30);

  test("openssl verifies each for its own use, and for no other", async () => {
    await using folder = await scratch();
    const file = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder.path, name), text);
      return join(folder.path, name);
    };
    const ca = await file("ca", keys.clientCa);
    const server = await file("server", keys.server.certificate);
    const client = await file("client", keys.administrator.certificate);
    const verify = (use: string, path: string): string => judge("openssl", "verify", "-x509_strict", "-CAfile", ca, "-purpose", use, path);
    assert.match(verify("sslserver", server), /OK/);
    assert.match(verify("sslclient", client), /OK/);
    assert.throws(() => verify("sslclient", server), /unsupported certificate purpose|unsuitable certificate purpose/);
    assert.throws(() => verify("sslserver", client), /unsupported certificate purpose|unsuitable certificate purpose/);
    assert.match(judge("openssl", "verify", "-CAfile", ca, "-verify_hostname", MACHINE_NAME, server), /OK/);
  });

  test("say who they are, and until when", () => {
    const [reader, administrator, server] = [keys.reader, keys.administrator, keys.server].map(
      ({ certificate }) => new X509Certificate(certificate),
    ) as [X509Certificate, X509Certificate, X509Certificate];
    assert.deepEqual([reader.subject, administrator.subject], ["O=reader\nCN=web reader", "O=administrator\nCN=web administrator"]);
    assert.equal(server.checkHost(MACHINE_NAME), MACHINE_NAME);
    assert.ok(reader.checkIssued(new X509Certificate(keys.clientCa)));
    const days = (reader.validToDate.getTime() - Date.now()) / 86_400_000;
    assert.ok(days > 29.9 && days <= 30, String(days));
    assert.notEqual(makeMachineKeys("web", 30).clientCa, keys.clientCa);
  });

  test("their times are right beyond 2049", () => {
    const late = new X509Certificate(makeMachineKeys("web", 36_500).clientCa);
    assert.equal(late.validToDate.getUTCFullYear(), new Date(Date.now() + 36_500 * 86_400_000).getUTCFullYear());
  });
});
