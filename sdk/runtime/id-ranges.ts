import { createHash } from "node:crypto";
import { PRIVATE_IDS } from "../definition/private-users.ts";

/**
 * Ranges stay below 2^31, because programs that treat a user id as signed fail above. The first two ranges are reserved:
 * one is the machine's own, and the other is never assigned.
 */
const FIRST = 2;
const RANGES = 2 ** 31 / PRIVATE_IDS - FIRST;

/**
 * The first of the 65536 user and group ids of each container, by name: `services/web`. It is a hash of the name, so
 * adding or removing a container does not change the others. If two names hash to the same range, about once in 32 000
 * pairs, the one with the smaller hash gets it and the other is hashed again.
 */
export function idRanges(names: readonly string[]): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  const bases = new Map<string, number>();
  const hashed = names.map((name) => ({ name, hash: hashOf(name, 0) })).sort((a, b) => Buffer.compare(a.hash, b.hash));
  for (const { name, hash } of hashed) {
    let base = baseOf(hash);
    for (let turn = 1; taken.has(base); turn++) base = baseOf(hashOf(name, turn));
    taken.add(base);
    bases.set(name, base);
  }
  return bases;
}

function hashOf(name: string, turn: number): Buffer {
  return createHash("sha256").update(`${turn} ${name}`).digest();
}

function baseOf(hash: Buffer): number {
  return PRIVATE_IDS * (FIRST + (hash.readUInt32BE() % RANGES));
}
