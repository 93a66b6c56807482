import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
// these two modules only: the whole SDK would take 60 MB more memory in every program that only builds
import { all, type Input, type Output, output, secret } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { openSession } from "../cache/session.ts";
import type { Arch } from "../core/arch.ts";
import type { Digest } from "../core/digest.ts";
import type { Pcrs } from "../disk/pcrs.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { Definition } from "../definition/definition.ts";
import type { Image } from "../definition/image.ts";
import { isDeferred } from "../core/deferred.ts";
import type { FormatName } from "../format/formats.ts";
import type { Lock } from "../resolve/lock.ts";
import type { BuiltFile } from "./plugin/builder.ts";
import { listedReader, type ReadListed } from "../builder/local-files.ts";
import { type Members, overFileLists } from "../definition/keyed-files.ts";
import { localImages } from "./local-images.ts";
import { requirePlugin } from "./require-plugin.ts";

/** The type token of {@link ImageBuild}. */
const TOKEN = "linuxkit:index:ImageBuild";

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

/** A part of the root filesystem. */
export interface SegmentSize {
  /** Its name in the plan: `init`, `services.web`. */
  readonly name: string;
  /** Bytes that it adds, compressed. */
  readonly size: number;
  /** Bytes of memory that it takes once the kernel has unpacked it. @default not known */
  readonly unpacked?: number;
}

/** How {@link ImageBuild} builds or fetches. */
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

/** Arguments of {@link ImageBuild}: exactly one of `image` and `artifact`. */
export type ImageBuildArgs = ImageBuildSettings & (ImageSourceArgs | ArtifactSourceArgs);

/**
 * An operating system, built: the same definition and lock give the same bytes on any machine. It is updated in place;
 * the versions chosen at first (of packages, digests of tags) stay locked until `update: "always"` asks for newer.
 *
 * `pulumi preview --diff` shows what changes inside the OS: the whole definition is its input.
 */
export class ImageBuild extends CustomResource {
  /** Identifies the built files: changes with any byte of them. */
  declare readonly digest: Output<Digest>;
  /** sha256 of the plan: what the OS is, in any format. */
  declare readonly planDigest: Output<Digest>;
  /** The architecture. */
  declare readonly arch: Output<Arch>;
  /** The kernel's command line. */
  declare readonly cmdline: Output<string>;
  /** The folder of the files on the machine that runs the update. */
  declare readonly path: Output<string>;
  /** Role, name, size in bytes and sha256 of each file. */
  declare readonly files: Output<readonly BuiltFile[]>;
  /** The parts of the root filesystem, and what each adds in bytes. */
  declare readonly segments: Output<readonly SegmentSize[]>;
  /**
   * For formats that start by one EFI program (`raw-efi`…): registers 4, 9 and 11 of the TPM of a machine that started
   * it, sha256 in hexadecimal digits, with Secure Boot on where it is signed and off where it is not.
   */
  declare readonly pcrs: Output<Pcrs | undefined>;
  /** The resolved version or digest of every package and tag. */
  declare readonly lock: Output<Lock>;
  /** Where it was published: `registry/repository@sha256:…`, which `artifact` takes; undefined without `push`. */
  declare readonly pushed: Output<string | undefined>;
  /** The definition given as `image`, used by machines to find the declared secrets; undefined after rehydration. */
  readonly definition: Definition | undefined;
  /**
   * The certificate that the EFI programs are signed with; `null` where nothing is signed, and undefined where the program
   * does not know: after rehydration, and for an `artifact`, which was signed when it was published.
   */
  readonly signedWith: Input<string> | null | undefined;
  /** `arch` as the program gives it, "amd64" by default; undefined where only the build tells it, as for an `artifact`. */
  readonly wantedArch: Input<Arch> | undefined;

  /**
   * An {@link Image} is already checked; the plugin checks the Outputs in it.
   *
   * @throws INVALID_DEFINITION with both or none of image and artifact; NOT_FOUND when a local file or image is missing
   */
  constructor(name: string, args: ImageBuildArgs, options?: CustomResourceOptions) {
    const unknownOutputs = {
      arch: undefined,
      digest: undefined,
      planDigest: undefined,
      cmdline: undefined,
      path: undefined,
      files: undefined,
      segments: undefined,
      pcrs: undefined,
      lock: undefined,
      pushed: undefined,
    };
    // rehydrated from its URN it has no arguments
    super(TOKEN, name, { ...unknownOutputs, ...(options?.urn ? {} : inputsOf(name, args)) }, requirePlugin(options));
    this.definition = options?.urn ? undefined : args.image?.spec;
    this.wantedArch = options?.urn || args.artifact !== undefined ? undefined : (args.arch ?? "amd64");
    this.signedWith = options?.urn || args.artifact !== undefined ? undefined : (args.secureBoot?.certificate ?? null);
  }

  /** A file of the build, by its role, and where it is. */
  describe(role: string): Output<BuiltFile & { readonly path: string }> {
    return all([this.path, this.files]).apply(([path, files]) => {
      const file = files.find((file) => file.role === role);
      if (!file) throw new Error(`role: got "${role}", wanted one of ${files.map((file) => file.role).join(", ")}`);
      return { ...file, path: `${path}/${file.name}` };
    });
  }

  /** Where a file of the build is, by its role: `build.file("kernel")`, `build.file("initrd")`. */
  file(role: string): Output<string> {
    return this.describe(role).apply(({ path }) => path);
  }
}

function inputsOf(resource: string, args: ImageBuildArgs): Record<string, unknown> {
  const projectDir = projectFolder();
  const { image, format, formats, secureBoot, push, cache, ...rest } = args;
  if ((image === undefined) === (args.artifact === undefined)) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `image build "${resource}": got ${image ? "both image and artifact" : "neither image nor artifact"}, wanted one of them`,
      { path: "image" },
    );
  }
  const local = image ? localImages(image.spec, projectDir) : {};
  return {
    ...(image && { image: withoutSources(withSecretKey(image.spec), projectDir) }),
    formats: formats ?? (format === undefined ? undefined : [format]),
    ...(Object.keys(local).length > 0 && { localImages: local }),
    ...(secureBoot && {
      secureBoot: {
        ...secureBoot,
        key: secret(secureBoot.key),
        ...(secureBoot.passphrase !== undefined && { passphrase: secret(secureBoot.passphrase) }),
      },
    }),
    ...(push !== undefined && { push: pushInput(push) }),
    ...(cache && { cache: { ...cache, ...(cache.sign !== undefined && { sign: signInput(cache.sign) }) } }),
    ...rest,
  };
}

/** The definition with the key of the interface as a secret. */
function withSecretKey(definition: Definition): Definition {
  const { api } = definition;
  if (api === undefined) return definition;
  // an Output is an input like any other
  const hidden: unknown = isDeferred(api) ? secret(api) : { ...api, key: secret(api.key) };
  return { ...definition, api: hidden as Definition["api"] & object };
}

/** Where to publish, with key and passphrase as secrets. */
function pushInput(push: NonNullable<ImageBuildArgs["push"]>): unknown {
  if (typeof push === "string" || isDeferred(push)) return { to: push };
  // what no type allows goes on to the check, which names it
  const { to, sign, ...rest } = push as Exclude<typeof push, Input<string>>;
  return { to, ...rest, ...(sign !== undefined && { sign: signInput(sign) }) };
}

function signInput(sign: SignInput): unknown {
  const { key, passphrase, ...rest } =
    typeof sign === "string" || isDeferred(sign) ? { key: sign as Input<string> } : (sign as Exclude<typeof sign, Input<string>>);
  return { ...rest, key: secret(key), ...(passphrase !== undefined && { passphrase: secret(passphrase) }) };
}

/**
 * The nearest folder above the program that holds Pulumi.yaml; without one, as in a unit test, the working directory.
 * Pulumi's own `getRootDirectory` answers "rootDirectory" where the language host is older than the SDK.
 */
function projectFolder(): string {
  const start = process.cwd();
  for (let folder = start; ; folder = dirname(folder)) {
    if (["Pulumi.yaml", "Pulumi.yml"].some((name) => existsSync(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return start;
  }
}

/** The session of this process. */
let session: Disposable | undefined;

/** Opens it once. It ends with the process. */
function keepCache(): void {
  if (session) return;
  const opened = openSession(defaultCacheDir());
  process.once("exit", () => opened[Symbol.dispose]());
  session = opened;
}

/** The definition with every local file read: text, or the sha256 of what is now in the cache. */
function withoutSources(spec: Definition, projectDir: string): unknown {
  const places = { projectDir, store: new BlobStore(defaultCacheDir()) };
  return overFileLists(spec as unknown as Members, [], (part, steps) => {
    // a list that is an Output as a whole is read by the builder
    if (!Array.isArray(part.files) || part.files.length === 0) return part;
    const files = part.files as Parameters<ReadListed>;
    const isOwn = steps.length === 0;
    if (!isOwn && !files.some((file) => !isDeferred(file) && file.source !== undefined)) return part;
    // the plugin reads what is stored here, maybe much later: it stays in the cache while the program runs
    keepCache();
    const reader = listedReader(steps, places);
    const isLater = files.some((file) => (isOwn || !isDeferred(file)) && isDeferred(file.source));
    const read = (list: Parameters<ReadListed>): unknown[] => list.flatMap((file) => (isDeferred(file) ? [file] : reader(file)));
    return { ...part, files: isLater ? output(files).apply((list) => read(list as Parameters<ReadListed>)) : read(files) };
  });
}
