import type { Entry } from "../archive/entry.ts";
import type { Digest } from "../core/digest.ts";
import type { FlatImage } from "../oci/flatten/flatten.ts";

/** Bytes of contents on disk above which unused images are dropped. */
const LIMIT = 2 * 2 ** 30;

interface Kept {
  readonly image: Promise<FlatImage>;
  readers: number;
}

/**
 * The images that a build has flattened. A build reads an image up to four times: for its packages, its kernel, the
 * kernel's archive and its microcode, or for several services. Decompressing its layers takes most of the time.
 */
export class FlatImages implements AsyncDisposable {
  readonly #kept = new Map<Digest, Kept>();

  /** An image's entries, by its manifest. `flatten` is called if the image is not here. */
  async *entries(manifest: Digest, flatten: () => Promise<FlatImage>, signal?: AbortSignal): AsyncGenerator<Entry> {
    const kept = this.#kept.get(manifest) ?? { image: flatten(), readers: 0 };
    // the last one used is the last one given up
    this.#kept.delete(manifest);
    this.#kept.set(manifest, kept);
    kept.readers++;
    try {
      yield* (await kept.image).entries(signal);
    } catch (error) {
      // what failed is tried again: another reader may have another signal
      if (this.#kept.get(manifest) === kept && (await failed(kept))) this.#kept.delete(manifest);
      throw error;
    } finally {
      kept.readers--;
      await this.#trim();
    }
  }

  async #trim(): Promise<void> {
    const idle = [...this.#kept].filter(([, { readers }]) => readers === 0);
    let size = 0;
    // newest first
    for (const [manifest, kept] of idle.reverse()) {
      size += (await sizeOf(kept)) ?? 0;
      if (size <= LIMIT || kept.readers > 0 || this.#kept.get(manifest) !== kept) continue;
      this.#kept.delete(manifest);
      await (await kept.image)[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const images = await Promise.allSettled([...this.#kept.values()].map(({ image }) => image));
    this.#kept.clear();
    for (const image of images) if (image.status === "fulfilled") await image.value[Symbol.asyncDispose]();
  }
}

async function failed({ image }: Kept): Promise<boolean> {
  return (await sizeOf({ image, readers: 0 })) === undefined;
}

function sizeOf({ image }: Kept): Promise<number | undefined> {
  return image.then(
    ({ size }) => size,
    () => undefined,
  );
}
