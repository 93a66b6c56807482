import type { Arch } from "../core/arch.ts";
import type { Digest } from "../core/digest.ts";
import type { LockedDeb, LockedDebian } from "../debian/locked.ts";

/**
 * What the names in a definition stood for when it was first built. It is kept in the resource's state, so the next
 * build takes the same bytes whatever the mirror or the registry offers by then.
 */
export interface Lock {
  readonly version: 1;
  readonly arch: Arch;
  /** Package versions by the sha256 of the image (its canonical JSON) that names them. */
  readonly debian: Readonly<Record<string, LockedDebian>>;
  /** Manifest digests by image reference, as the definition writes it. */
  readonly images: Readonly<Record<string, Digest>>;
  /** Of references whose images were checked for a signature: the digest that was signed, of an index where it is not the image's own. @default none */
  readonly signed?: Readonly<Record<string, Digest>> | undefined;
  /** What the images' builders attested of their software, by reference: in-toto statements with SPDX. @default none */
  readonly sboms?: Readonly<Record<string, readonly { readonly digest: Digest; readonly size: number }[]>> | undefined;
  /** Digests of what a tag points to itself, index or manifest, by the references of volumes that hold images. @default none */
  readonly layouts?: Readonly<Record<string, Digest>> | undefined;
  /** The packages that boot loaders of the formats come from, by name. They are no part of the OS. @default none */
  readonly loaders?: Readonly<Record<string, LockedDeb>> | undefined;
}
