import { createHash } from "node:crypto";
import { PRIVATE_IDS } from "../definition/private-users.ts";

/** Ranges below 2^31, since programs go wrong that take a user for a signed number; the first two are the machine's own and nobody's. */
const FIRST = 2;
const RANGES = 2 ** 31 / PRIVATE_IDS - FIRST;

/**
 * The first of the 65536 users and groups of each container, by what it is called: `services/web`. It follows from that
 * alone, so that a container more or less changes nobody else's. Where two hash to one range, about once in 32 000
 * pairs, the one with the lesser hash has it and the other takes that of its next hash.
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
