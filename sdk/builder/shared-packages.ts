import type { BlobStore } from "../cache/blob-store.ts";
import { debDigest, type LockedDeb } from "../debian/locked.ts";
import type { Plan } from "../plan/plan.ts";
import type { RegistryCache } from "../share/registry-cache.ts";
import { packagesOf } from "./cache-files.ts";

/** Debian's own media type of a package. */
const DEB = "application/vnd.debian.binary-package";

/** Gives the packages of a plan to the other machines: one day their mirror may have dropped them. */
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
