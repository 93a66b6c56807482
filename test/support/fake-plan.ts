import { createHash } from "node:crypto";
import { type Entry, fileEntry } from "../../sdk/archive/entry.ts";
import type { PlanSources } from "../../sdk/builder/sources.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { type SegmentCompression, type Plan, type PlanSegment, type PlanSource, type PlanStep, planDigest } from "../../sdk/plan/plan.ts";

export const QUICK: SegmentCompression = { algorithm: "zstd", level: 3 };

/** A source that {@link fakeSources} knows by this name. */
export function source(name: string): PlanSource {
  return { oci: { manifest: digestOf(name), layers: [] } };
}

/** An image's tree as a step. */
export function unpack(name: string, prefix = ""): PlanStep {
  return { kind: "unpack", source: source(name), prefix, place: "container", location: `services.${name}` };
}

/** A text file as a step. */
export function file(path: string, contents: string): PlanStep {
  return { kind: "entry", path, type: "file", mode: 0o644, uid: 0, gid: 0, contents };
}

export function segment(name: string, ...steps: PlanStep[]): PlanSegment {
  return { name, compression: QUICK, steps };
}

/** A plan of these segments, with the kernel and the command line of {@link fakeSources}. */
export function planOf(...segments: PlanSegment[]): Plan {
  const rest = { version: 1 as const, arch: "amd64" as const, cmdline: "console=ttyS0", kernel: { source: source("kernel") }, segments };
  return { ...rest, digest: planDigest(rest) };
}

/** PlanSources from memory; `opened` lists the opened ones. */
export function fakeSources(
  trees: Readonly<Record<string, () => Iterable<Entry> | AsyncIterable<Entry>>>,
): PlanSources & { readonly opened: string[] } {
  const byDigest = new Map(Object.entries(trees).map(([name, tree]) => [digestOf(name) as string, { name, tree }]));
  const opened: string[] = [];
  return {
    opened,
    async *openSource(wanted) {
      const found = "oci" in wanted ? byDigest.get(wanted.oci.manifest) : undefined;
      if (!found) throw new Error("no such source");
      opened.push(found.name);
      yield* found.tree();
    },
    async openModules(_, names) {
      opened.push("modules");
      return {
        files: names.map((name) => fileEntry(`lib/modules/${name}.ko`, name)),
        order: names.map((name) => `/lib/modules/${name}.ko`),
      };
    },
    async openFile() {
      return undefined;
    },
    openBlob() {
      throw new Error("no such blob");
    },
    async openKernel() {
      opened.push("kernel");
      return { body: [Buffer.from("the kernel's own file")] };
    },
  };
}

/** Bytes that do not compress, always the same, a block at a time (xorshift32). */
export function* noise(size: number, seed = "noise", block = 1 << 16): Generator<Buffer> {
  let state = createHash("sha256").update(seed).digest().readUInt32LE() | 1;
  for (let at = 0; at < size; at += block) {
    const words = new Uint32Array(Math.ceil(Math.min(block, size - at) / 4));
    for (let index = 0; index < words.length; index++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[index] = state;
    }
    yield Buffer.from(words.buffer, 0, Math.min(block, size - at));
  }
}

/** A file of {@link noise}. */
export function noiseEntry(path: string, size: number, seed = path): Entry {
  return { ...fileEntry(path, ""), size, body: noise(size, seed) };
}
