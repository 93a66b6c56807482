import type { BlobStore } from "../cache/blob-store.ts";
import { collect } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import { createTransport, type TransportOptions } from "../net/transport.ts";
import { readDeb } from "./deb.ts";
import { KEYRING_PATH } from "./keys.ts";
import { mirrorFile } from "./mirror-file.ts";
import type { PackageIndex } from "./package-index.ts";
import { compareVersions } from "./version.ts";

const PACKAGE = "debian-archive-keyring";

/** The keyring in Debian's package of keys, for hosts without one. It is not verified: the caller must check the fingerprints. */
export async function keyringFromPackage(
  index: PackageIndex,
  mirror: string,
  options: TransportOptions & { readonly store: BlobStore },
): Promise<Uint8Array> {
  const [record] = [...(await index.find(PACKAGE))].sort((a, b) => compareVersions(b.version, a.version));
  if (!record)
    throw new LinuxKitError("NOT_FOUND", `no keyring found: the host has no /${KEYRING_PATH}, and the mirror has no package ${PACKAGE}`, {
      what: PACKAGE,
    });
  const url = `${mirror}/${record.filename}`;
  const digest = `sha256:${record.sha256}` as const;
  if (!(await options.store.find(digest))) {
    await options.store.put(
      mirrorFile(url, createTransport(options), record.size),
      { digest, size: record.size },
      { signal: options.signal, what: url },
    );
  }
  for await (const { member, entry } of readDeb(options.store.open(digest), url)) {
    if (member === "data" && entry.path === KEYRING_PATH && entry.type === "file") return collect(entry.body, 1 << 20, KEYRING_PATH);
  }
  throw new LinuxKitError("CORRUPT", `${url}: the package has no file ${KEYRING_PATH}`, { path: url });
}
