import assert from "node:assert/strict";
import { test } from "node:test";
import { SocketMemory } from "../../sdk/net/socket-memory.ts";
import { Random, seed } from "../support/random.ts";

test("bytes put and taken in random portions come out whole, and a chunk stays valid until the second one after it", (context) => {
  const from = seed();
  context.diagnostic(`TEST_SEED=${from}`);
  const random = new Random(from);
  for (let round = 0; round < 20; round++) {
    const ring = new SocketMemory();
    const total = random.below(12 << 20);
    const most = random.pick([1000, 1 << 16, 1 << 20]);
    let [put, taken] = [0, 0];
    // the chunk that `verify` would hold back, and its offset; it is checked one chunk late
    let held: { readonly chunk: Uint8Array; readonly at: number } | undefined;
    const look = () => {
      for (let at = 0; at < (held?.chunk.length ?? 0); at += 997) assert.equal(held?.chunk[at], byteAt((held?.at ?? 0) + at));
    };
    // TLS hands over up to 64 KiB after a stop
    let late = 0;
    while (taken < total) {
      const space = ring.space;
      const stopped = ring.full;
      if (put < total && (!stopped || late < 1 << 16) && random.chance(0.7)) {
        const count = Math.min(1 + random.below(most), space.length, total - put, stopped ? (1 << 16) - late : Number.POSITIVE_INFINITY);
        assert.ok(count > 0, "there is always room for at least one byte");
        for (let at = 0; at < count; at++) space[at] = byteAt(put + at);
        ring.put(count);
        put += count;
        if (stopped) late += count;
      } else {
        const least = 1 + random.below(1 << 17);
        if (ring.has(least)) assert.ok(ring.peek().length > 0 || put > taken);
        const chunk = ring.take(random.chance(0.5) ? total : 1 + random.below(1 << 18));
        look();
        held = { chunk, at: taken };
        taken += chunk.length;
        if (!ring.full) late = 0;
      }
    }
    look();
    assert.equal(taken, total);
    assert.equal(ring.take(1).length, 0);
  }
});

function byteAt(position: number): number {
  return (position ^ (position >>> 8) ^ (position >>> 16)) & 0xff;
}
