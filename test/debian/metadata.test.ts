import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { metadata } from "../../sdk/debian/base/metadata.ts";
import { type Ended, runGuestProgram } from "../support/guest-program.ts";
import { MetadataServer } from "../support/metadata-server.ts";
import { noise } from "../support/disks.ts";

/** Runs the task as in the guest, but for the folder that it writes. */
async function run(port: number, timeout: number): Promise<Ended & { folder: string; read(name: string): Promise<Buffer> }> {
  const folder = await mkdtemp(join(tmpdir(), "metadata-"));
  const { config } = metadata({ cloud: "aws", endpoint: `127.0.0.1:${port}`, timeout });
  const place = join(folder, "config");
  const ended = await runGuestProgram("linuxkitd", (config.command ?? []).slice(1), { CONFIG: place });
  return { ...ended, folder, read: (name) => readFile(join(place, name)) };
}

describe("debian.metadata", () => {
  test("reads binary user data and the other values", async () => {
    const userData = Buffer.concat([Buffer.from("\r\n\r\n\0"), noise(100_000, "u"), Buffer.from("\n\n")]);
    await using server = await MetadataServer.start({
      "user-data": userData,
      "meta-data/instance-id": "i-1",
      "meta-data/hostname": "ip-10-0-0-1.internal",
      "meta-data/public-keys/0/openssh-key": "ssh-ed25519 AAAA me\n",
    });
    const { status, text, folder, read } = await run(server.port, 5);
    assert.equal(status, 0, text);
    assert.ok((await read("userdata")).equals(userData));
    assert.equal((await read("hostname")).toString(), "ip-10-0-0-1.internal");
    assert.equal((await read("ssh/authorized_keys")).toString(), "ssh-ed25519 AAAA me\n");
    assert.equal((await read("provider")).toString(), "AWS\n");
    assert.equal((await stat(join(folder, "config", "userdata"))).mode & 0o777, 0o600);
    assert.match(text, /metadata: i-1, 100007 bytes of user data/);
    assert.deepEqual((await readdir(join(folder, "config"))).sort(), ["hostname", "instance_id", "provider", "ssh", "userdata"]);
    assert.ok(
      server.requests.every((request) => !request.endsWith(" 401")),
      server.requests.join(),
    );
    await rm(folder, { recursive: true });
  });
  test("writes the serial of each disk that has a tag, and ignores other tags", async () => {
    const tags = {
      Name: "db",
      "linuxkit.disk.data": "vol-0abc",
      "linuxkit.disk.log": "vol-0def",
      "linuxkit.disk.": "vol-1",
      "linuxkit.disk..x": "vol-2",
      "linuxkit.disk.a:b": "vol-3",
    };
    const content = Object.fromEntries(Object.entries(tags).map(([key, value]) => [`meta-data/tags/instance/${key}`, value]));
    await using server = await MetadataServer.start({
      "meta-data/instance-id": "i-1",
      "meta-data/tags/instance": Object.keys(tags).join("\n"),
      ...content,
    });
    const { status, text, folder, read } = await run(server.port, 5);
    assert.equal(status, 0, text);
    assert.deepEqual((await readdir(join(folder, "config", "disks"))).sort(), ["data", "log"]);
    assert.deepEqual([await read("disks/data"), await read("disks/log")].map(String), ["vol0abc", "vol0def"]);
    await rm(folder, { recursive: true });
  });
  test("fails without an answer, and says what to check", async () => {
    const { status, text, folder } = await run(1, 1);
    assert.equal(status, 1);
    assert.match(text, /metadata: no answer from 127\.0\.0\.1:1 within 1 s: is the metadata service enabled for this machine\?/);
    await rm(folder, { recursive: true });
  });
  for (const [args, message] of [
    [{ cloud: "ibm" }, /debian\.metadata.*cloud/s],
    [{ cloud: "aws", endpoint: "metadata" }, /an address and a port/],
  ] as const) {
    test(`refused: ${JSON.stringify(args)}`, () => assert.throws(() => metadata(args as never), { code: "INVALID_DEFINITION", message }));
  }
});
