import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { canonicalJson } from "../../sdk/core/json.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import type { Lock } from "../../sdk/resolve/lock.ts";
import type { Builder, BuilderOptions, PullerOptions } from "../../sdk/resource/plugin/builder.ts";

/** A builder for tests of its callers: it writes the definition itself as the artifact, and records its calls. */
export interface RecordingBuilder extends Builder {
  readonly calls: { readonly definition: Definition; readonly options: BuilderOptions }[];
  readonly pulls: { readonly reference: string; readonly options: PullerOptions }[];
  /** What a look for newer versions finds. @default the lock of the last build */
  newer?: Lock;
  /** What happens after half a file is written. Tests change it. */
  mood: "good" | "hangs" | "fails";
}

export function recordingBuilder(): RecordingBuilder {
  // only what decides the bytes: a volume's platforms matter to its image alone
  const bodyOf = (definition: Definition): string => canonicalJson({ ...definition, volumes: {} });
  let made: Lock | undefined;
  return {
    calls: [],
    pulls: [],
    mood: "good",
    async plan(definition) {
      // an image of a registry cannot be planned offline
      if (Object.values(definition.services).some(({ image }) => typeof image === "string" && image.startsWith("docker.io/unseen")))
        return undefined;
      return { digest: digestOf(`plan ${bodyOf(definition)}`), cmdline: String(definition.kernel?.cmdline ?? "") };
    },
    async newest() {
      if (this.mood === "fails") throw new LinuxKitError("NETWORK", "the mirror does not answer", { url: "http://mirror" });
      return this.newer ?? (made as Lock);
    },
    async pull(reference, options) {
      this.pulls.push({ reference, options });
      const { outputDir, name, arch } = options;
      await writeFile(join(outputDir, `${name}-initrd.img`), reference);
      const digest = digestOf(reference);
      return {
        digest,
        planDigest: digestOf(`plan ${reference}`),
        cmdline: "published",
        files: [{ role: "initrd", name: `${name}-initrd.img`, size: reference.length, sha256: hexOf(digest) }],
        segments: [{ name: "config", size: reference.length, cached: true }],
        lock: { version: 1, arch, debian: {}, images: { published: digest } },
      };
    },
    async build(definition, options) {
      this.calls.push({ definition, options });
      const { outputDir, name, lock, arch, onProgress, signal } = options;
      onProgress({ stage: "segment", message: "packing", done: 1, total: 2, unit: "items" });
      await mkdir(outputDir, { recursive: true });
      const body = bodyOf(definition);
      const file = join(outputDir, `${name}-initrd.img`);
      await writeFile(file, body.slice(0, 10));
      if (this.mood === "hangs") await sleep(2 ** 31 - 1, undefined, { signal });
      if (this.mood === "fails") throw new Error("the builder is out of order");
      await writeFile(file, body);
      const digest = digestOf(body);
      made = lock ?? { version: 1, arch, debian: {}, images: { [`first build of ${name}`]: digest } };
      return {
        ...(options.formats?.includes("raw-efi") && { pcrs: { 4: "44", 9: "99", 11: hexOf(digest) } }),
        digest,
        planDigest: digestOf(`plan ${body}`),
        cmdline: String(definition.kernel?.cmdline ?? ""),
        files: [{ role: "initrd", name: `${name}-initrd.img`, size: body.length, sha256: hexOf(digest) }],
        segments: [{ name: "config", size: body.length, cached: false }],
        ...(options.push && { pushed: `${typeof options.push === "string" ? options.push : options.push.to}@${digest}` }),
        lock: made,
      };
    },
  };
}
