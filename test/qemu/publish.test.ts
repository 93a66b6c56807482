import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { collide, formatPublication, parsePublication } from "../../sdk/definition/publication.ts";

describe("a published port", () => {
  const good: [text: string, normal: string][] = [
    ["8080:80", "127.0.0.1:8080:80/tcp"],
    ["8080:80/tcp", "127.0.0.1:8080:80/tcp"],
    ["5353:53/udp", "127.0.0.1:5353:53/udp"],
    ["0.0.0.0:443:8443", "0.0.0.0:443:8443/tcp"],
    ["0:80", "127.0.0.1:0:80/tcp"],
    ["65535:65535/tcp", "127.0.0.1:65535:65535/tcp"],
    ["127.0.0.1:8080:80/tcp", "127.0.0.1:8080:80/tcp"],
  ];
  for (const [text, normal] of good) {
    test(`${text} is ${normal}`, () => {
      const read = parsePublication(text);
      assert.ok(!("problem" in read));
      assert.equal(formatPublication(read), normal);
      assert.deepEqual(parsePublication(normal), read);
    });
  }

  const bad: [text: string, problem: RegExp][] = [
    ["", /wanted \[ADDRESS:\]HOST:GUEST/],
    ["80", /wanted \[ADDRESS:\]HOST:GUEST/],
    [":80", /wanted \[ADDRESS:\]HOST:GUEST/],
    ["8080:80/sctp", /wanted \[ADDRESS:\]HOST:GUEST/],
    ["8080:80 ", /wanted \[ADDRESS:\]HOST:GUEST/],
    ["-1:80", /wanted \[ADDRESS:\]HOST:GUEST/],
    ["65536:80", /host port 65536/],
    ["8080:0", /guest port 0/],
    ["8080:65536", /guest port 65536/],
    ["localhost:8080:80", /address "localhost"/],
    ["127.0.0.256:8080:80", /address "127\.0\.0\.256"/],
    ["1.2.3:8080:80", /address "1\.2\.3"/],
    // QEMU would read a second option
    ["127.0.0.1,id=x:8080:80", /address "127\.0\.0\.1,id=x"/],
  ];
  for (const [text, problem] of bad) {
    test(`${JSON.stringify(text)} is refused`, () => {
      const read = parsePublication(text);
      assert.ok("problem" in read);
      assert.match(read.problem, problem);
    });
  }

  const pairs: [one: string, other: string, collides: boolean][] = [
    ["8080:80", "8080:81", true],
    ["8080:80", "8081:80", false],
    ["8080:80/tcp", "8080:80/udp", false],
    ["127.0.0.1:8080:80", "127.0.0.2:8080:80", false],
    ["0.0.0.0:8080:80", "127.0.0.2:8080:80", true],
    ["0:80", "0:81", false],
  ];
  for (const [one, other, collides] of pairs) {
    test(`${one} and ${other} ${collides ? "collide" : "do not collide"}`, () => {
      const [a, b] = [parsePublication(one), parsePublication(other)];
      assert.ok(!("problem" in a) && !("problem" in b));
      assert.equal(collide(a, b), collides);
      assert.equal(collide(b, a), collides);
    });
  }
});
