import type { BlobStore } from "../cache/blob-store.ts";
import { debDigest, type LockedDeb } from "../debian/locked.ts";
import type { Plan } from "../plan/plan.ts";
import type { RegistryCache } from "../share/registry-cache.ts";
import { packagesOf } from "./cache-files.ts";

/** The media type of a Debian package. */
const DEB = "application/vnd.debian.binary-package";

/** Stores the packages of a plan in the shared cache, because a mirror may drop them one day. */
export function keepPackages(plan: Plan, loaders: readonly LockedDeb[] | undefined, store: BlobStore, shared: RegistryCache): void {
  const blobs = packagesOf(plan, loaders).map((deb) => {
    const digest = debDigest(deb);
    return {
      descriptor: {
        mediaType: DEB,
        digest,
        size: deb.size,
        annotations: { "org.opencontainers.image.title": deb.filename.slice(deb.filename.lastIndexOf("/") + 1) },
      },
      open: async () => ((await store.find(digest)) ? store.open(digest) : undefined),
    };
  });
  shared.keepBlobs("Debian packages", blobs);
}
