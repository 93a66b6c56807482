import type { Input } from "@pulumi/pulumi/output.js";
import type { Arch } from "../core/arch.ts";
import type { Image } from "../definition/image.ts";
import type { FormatName } from "../format/formats.ts";

/** A private key with its passphrase. */
export interface SignKeyInput {
  /** The private key, PKCS #8 in PEM. @example config.requireSecret("signKey") */
  readonly key: Input<string>;
  /** The passphrase of the key. @default none @example config.requireSecret("passphrase") */
  readonly passphrase?: Input<string> | undefined;
}

/** A private key, PKCS #8 in PEM, with its passphrase where it has one. */
export type SignInput = Input<string> | SignKeyInput;

/** A key for Secure Boot and its certificate. */
export interface SecureBootInput {
  /** The RSA key, as PEM. @example config.requireSecret("secureBootKey") */
  readonly key: Input<string>;
  /** The certificate that the firmware trusts (its `db`), as PEM. @example readFileSync("db.crt", "utf8") */
  readonly certificate: Input<string>;
  /** The passphrase of the key. @default none @example config.requireSecret("passphrase") */
  readonly passphrase?: Input<string> | undefined;
}

/** Where an operating system is published. */
export interface PushInput {
  /** `registry/repository:tag`. @example "ghcr.io/acme/web:v1" */
  readonly to: Input<string>;
  /** Signs what is pushed, as cosign does. @default not signed @example config.requireSecret("signKey") */
  readonly sign?: SignInput | undefined;
}

/** Where hosts share what they build. */
export interface CacheInput {
  /** Repositories to take pieces from. @default none @example "ghcr.io/acme/cache" */
  readonly from?: Input<string> | readonly Input<string>[] | undefined;
  /** The repository to store pieces in. @default none @example "ghcr.io/acme/cache" */
  readonly to?: Input<string> | undefined;
  /** Signs what is stored, and takes only what is signed with this key. @default not signed @example config.requireSecret("signKey") */
  readonly sign?: SignInput | undefined;
}

/** What is written of the software in the OS besides the SPDX document beside the files. */
export interface SbomInput {
  /** An absolute path of the OS, where the SPDX document lies too. @default it is not in the OS @example "/usr/share/sbom.spdx.json" */
  readonly path?: Input<string> | undefined;
  /** Whether a CycloneDX 1.6 document is beside the files too: `NAME-sbom.cdx.json`. @default false @example true */
  readonly cyclonedx?: Input<boolean> | undefined;
}

/** What an image may use while its layers are unpacked. Each is a whole number of at least 1. */
export interface LimitsInput {
  /** Members of all layers together. @default 1_000_000 @example 5_000_000 */
  readonly entries?: Input<number> | undefined;
  /** Bytes of all layers together, uncompressed. @default 64 GiB @example 200 * 2 ** 30 */
  readonly bytes?: Input<number> | undefined;
  /** How many times its compressed size a layer may expand to, beyond `free`. @default 100 @example 1000 */
  readonly ratio?: Input<number> | undefined;
  /** Bytes that a layer may expand to whatever its compressed size. @default 1 GiB @example 8 * 2 ** 30 */
  readonly free?: Input<number> | undefined;
  /** Bytes of names, link targets and extended attributes of all layers together. @default 256 MiB @example 2 ** 30 */
  readonly metadataBytes?: Input<number> | undefined;
}

/** How `ImageBuild` builds or fetches. */
export interface ImageBuildSettings {
  /** What to write. @default "kernel+initrd" */
  readonly format?: Input<FormatName> | undefined;
  /** Several formats of one build; instead of `format`. @default `format` alone */
  readonly formats?: Input<readonly Input<FormatName>[]> | undefined;
  /** MiB that each disk has at least. @default as few as hold its content @example 512 */
  readonly diskMiB?: Input<number> | undefined;
  /** What the files' names begin with. @default the resource's name @example "web" */
  readonly name?: Input<string> | undefined;
  /** The architecture. @default "amd64" */
  readonly arch?: Input<Arch> | undefined;
  /** `always` looks for newer packages and moved tags at each update. @default "locked" */
  readonly update?: Input<"locked" | "always"> | undefined;
  /** The SPDX document of all that is in the OS: beside the files, in the OS too with `{ path }`, and as CycloneDX with `{ cyclonedx: true }`. @default true */
  readonly sbom?: Input<boolean | SbomInput> | undefined;
  /**
   * Public keys, PEM, by registry or repository (`docker.io/linuxkit`): images from there must be signed by one of them.
   * @default none is checked
   */
  readonly verify?: Input<Readonly<Record<string, Input<string | readonly string[]>>>> | undefined;
  /**
   * Signs the EFI programs for Secure Boot: an RSA key and the certificate that firmware trusts (its `db`), both PEM. Key
   * and passphrase are kept secret in the state. A key that cannot leave its vault signs through `build()`. @default nothing is signed
   */
  readonly secureBoot?: SecureBootInput | undefined;
  /**
   * Publishes it as an OCI artifact under a tag, and with `sign` signs it as cosign does. The key (PKCS #8, PEM) and its
   * passphrase are kept secret in the state. @default nothing is published
   */
  readonly push?: Input<string> | PushInput | undefined;
  /**
   * Repositories of registries in which hosts share what they build. Changing the cache does not update the resource. With
   * `sign`, entries are signed, and only signed ones are used; that key is kept secret too. @default none
   */
  readonly cache?: CacheInput | undefined;
  /** Debian's mirror, as `https://HOST/debian`. @default `linuxkit:debianMirror` of the stack, else the host's apt sources */
  readonly debianMirror?: Input<string> | undefined;
  /** Debian's security mirror. @default `linuxkit:debianSecurityMirror`, else beside `debianMirror` or the host's own */
  readonly debianSecurityMirror?: Input<string> | undefined;
  /** A mirror of past states of Debian's archive, for locked packages that the others have dropped. @default `linuxkit:debianSnapshot` */
  readonly debianSnapshot?: Input<string> | undefined;
  /** What an image may use while its layers are unpacked; beyond it the build is refused. @default see {@link LimitsInput} */
  readonly limits?: LimitsInput | undefined;
  /** Registries to pull from instead: `{ "docker.io": "http://127.0.0.1:5000" }`. @default none */
  readonly registryMirrors?: Input<Readonly<Record<string, Input<string>>>> | undefined;
}

/** An operating system that is built here. */
export interface ImageSourceArgs {
  /** The operating system. Its local files are read when the object is constructed, relative to the project's folder. */
  readonly image: Image;
  /** Not beside `image`. @default none */
  readonly artifact?: undefined;
}

/** An operating system that another build has published. */
export interface ArtifactSourceArgs {
  /**
   * An operating system that another build has published: `registry/repository@sha256:…`, its `pushed`. It is fetched and
   * checked, nothing is built, and the formats are those that it was published with.
   * @example "ghcr.io/acme/web@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
   */
  readonly artifact: Input<string>;
  /** Not beside `artifact`. @default none */
  readonly image?: undefined;
}

/** Arguments of `ImageBuild`: exactly one of `image` and `artifact`. */
export type ImageBuildArgs = ImageBuildSettings & (ImageSourceArgs | ArtifactSourceArgs);
