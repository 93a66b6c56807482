import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiConnection } from "../../sdk/api/connection.ts";
import { encodeFrame, FRAME, frameReader, HELLO_BYTES, MAGIC, MOST_PAYLOAD, WINDOW } from "../../sdk/api/frame.ts";

/** A machine that a test speaks for. */
class FakeMachine extends Duplex {
  heard: Buffer = Buffer.alloc(0);
  #stale: Buffer;
  #greeted = false;

  constructor(stale: Buffer = Buffer.alloc(0)) {
    super();
    this.#stale = stale;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.heard = Buffer.concat([this.heard, chunk]);
    if (!this.#greeted && this.heard.length >= HELLO_BYTES) {
      this.#greeted = true;
      this.say(Buffer.concat([this.#stale, this.heard.subarray(0, HELLO_BYTES)]));
      this.heard = this.heard.subarray(HELLO_BYTES);
    }
    done();
  }

  /** Sends bytes in pieces of every size from 1 on. */
  say(bytes: Buffer): void {
    for (let at = 0, size = 1; at < bytes.length; at += size, size++) this.push(bytes.subarray(at, at + size));
  }

  /** What the client has sent, by kind. */
  frames() {
    return frameReader()(this.heard);
  }
}

const open = (machine: Duplex): Promise<ApiConnection> => ApiConnection.open(machine, AbortSignal.timeout(5000));
const end = (stream: number, outcome: object): Buffer => encodeFrame(FRAME.end, stream, Buffer.from(JSON.stringify(outcome)));

describe("a connection to a machine", () => {
  test("passes over what an earlier client has left", async () => {
    const machine = new FakeMachine(Buffer.concat([Buffer.from("rest"), encodeFrame(FRAME.data, 1, Buffer.from(MAGIC.repeat(9)))]));
    const connection = await open(machine);
    let text = "";
    const { outcome } = connection.request({ method: "status" }, (_, bytes) => {
      text += String(bytes);
    });
    machine.say(Buffer.concat([encodeFrame(FRAME.data, 1, Buffer.from("hello")), end(1, { status: 0 })]));
    assert.deepEqual(await outcome, { status: 0 });
    assert.equal(text, "hello");
    connection.close();
  });

  test("keeps the streams apart, and tells standard error from standard output", async () => {
    const machine = new FakeMachine();
    const connection = await open(machine);
    const said: string[] = [];
    const streams = [1, 2].map((id) =>
      connection.request({ method: "metrics" }, (from, bytes) => void said.push(`${id} ${from} ${bytes}`)),
    );
    machine.say(
      Buffer.concat([
        encodeFrame(FRAME.stderr, 2, Buffer.from("b")),
        encodeFrame(FRAME.data, 1, Buffer.from("a")),
        end(2, { status: 3 }),
        end(1, { status: 0, code: "busy", message: "no" }),
      ]),
    );
    assert.deepEqual(await Promise.all(streams.map(({ outcome }) => outcome)), [{ status: 0, code: "busy", message: "no" }, { status: 3 }]);
    assert.deepEqual(said.sort(), ["1 stdout a", "2 stderr b"]);
    connection.close();
  });

  test("grants what was received, and no earlier", async () => {
    const machine = new FakeMachine();
    const connection = await open(machine);
    let go = (): void => {};
    connection.request({ method: "metrics" }, () => new Promise<void>((resolve) => (go = resolve)));
    machine.say(encodeFrame(FRAME.data, 1, Buffer.alloc(1000)));
    await sleep(50);
    assert.ok(!machine.frames().some(({ kind }) => kind === FRAME.grant));
    go();
    await sleep(50);
    assert.deepEqual(
      machine.frames().flatMap(({ kind, payload }) => (kind === FRAME.grant ? [payload.readUInt32BE()] : [])),
      [1000],
    );
    connection.close();
  });

  test("sends no more input than is granted", async () => {
    const machine = new FakeMachine();
    const connection = await open(machine);
    const stream = connection.request({ method: "exec", name: "web", command: ["cat"] }, () => {});
    let written = false;
    const writing = stream.write(Buffer.alloc(2 * WINDOW)).then(() => (written = true));
    const sent = (): number =>
      machine
        .frames()
        .filter(({ kind }) => kind === FRAME.data)
        .reduce((sum, { payload }) => sum + payload.length, 0);
    await sleep(50);
    assert.deepEqual([sent(), written], [WINDOW, false]);
    const grant = Buffer.alloc(4);
    grant.writeUInt32BE(WINDOW);
    machine.say(encodeFrame(FRAME.grant, 1, grant));
    await writing;
    assert.equal(sent(), 2 * WINDOW);
    connection.close();
  });

  for (const [what, bytes] of [
    ["a kind that is none", encodeFrame(9, 1)],
    ["a frame that is too large", Buffer.from([2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff])],
    ["more than was granted", Buffer.concat(Array.from({ length: 5 }, () => encodeFrame(FRAME.data, 1, Buffer.alloc(MOST_PAYLOAD))))],
    ["an end that is no JSON", encodeFrame(FRAME.end, 1, Buffer.from("{"))],
  ] as const) {
    test(`is given up for ${what}`, async () => {
      const machine = new FakeMachine();
      const connection = await open(machine);
      const { outcome } = connection.request({ method: "metrics" }, () => new Promise(() => {}));
      machine.push(bytes);
      await assert.rejects(outcome);
      assert.ok(machine.destroyed);
    });
  }

  test("ends its requests when the machine closes it", async () => {
    const machine = new FakeMachine();
    const connection = await open(machine);
    const { outcome } = connection.request({ method: "status" }, () => {});
    machine.destroy();
    await assert.rejects(outcome, /the machine closed the connection/);
    await assert.rejects(connection.request({ method: "status" }, () => {}).outcome, /closed/);
  });

  test("is not opened by something that is no machine", async () => {
    const talker = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    const opening = open(talker);
    for (let sent = 0; sent < 5 << 20; sent += 1 << 16) talker.push(Buffer.alloc(1 << 16, "HTTP/1.1 400\r\n"));
    await assert.rejects(opening, /does not answer as a machine does/);
    await assert.rejects(ApiConnection.open(new FakeMachine().destroy(), AbortSignal.timeout(5000)));
    const silent = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    await assert.rejects(ApiConnection.open(silent, AbortSignal.timeout(100)), { name: "TimeoutError" });
  });
});
