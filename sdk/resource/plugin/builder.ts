import type { Pcrs } from "../../disk/pcrs.ts";
import type { SecureBootKey } from "../../disk/signer.ts";
import type { Origins } from "../../builder/origins.ts";
import type { PushOption } from "../../builder/publish.ts";
import type { CacheOption } from "../../share/registry-cache.ts";
import type { SbomOption } from "../../builder/with-sbom.ts";
import type { Arch } from "../../core/arch.ts";
import type { Digest } from "../../core/digest.ts";
import type { OnProgress } from "../../core/progress.ts";
import type { Definition } from "../../definition/definition.ts";
import type { FormatName } from "../../format/formats.ts";
import type { Lock } from "../../resolve/lock.ts";

/** The subset of the builder that is used here. */
export interface Builder {
  build(definition: Definition, options: BuilderOptions): Promise<Built>;
  /** Fetches what a build has published, by its digest. */
  pull(reference: string, options: PullerOptions): Promise<Built>;
  /** The lock that a build with `update: "always"` would have now. */
  newest(definition: Definition, lock: Lock, options: NewestOptions): Promise<Lock>;
  /** The plan of a build from this lock, if it can be computed quickly and offline; else undefined. */
  plan(
    definition: Definition,
    options: { readonly arch: Arch; readonly lock: Lock; readonly sbom?: SbomOption | undefined },
  ): Promise<BuiltPlan | undefined>;
}

/** Identifies an artifact's content: the same plan in the same format gives the same bytes. */
export interface BuiltPlan {
  readonly digest: Digest;
  readonly cmdline: string;
}

export interface BuilderOptions extends Omit<Origins, "registryAuth"> {
  readonly arch: Arch;
  readonly formats?: readonly FormatName[] | undefined;
  /** What the files' names begin with. */
  readonly name: string;
  /** An empty folder; only files of the artifact are written to it. */
  readonly outputDir: string;
  readonly cacheDir: string;
  /** From the last build. */
  readonly lock?: Lock | undefined;
  readonly update?: "locked" | "always" | undefined;
  readonly sbom?: SbomOption | undefined;
  readonly diskMiB?: number | undefined;
  readonly secureBoot?: SecureBootKey | undefined;
  readonly push?: PushOption | undefined;
  readonly cache?: CacheOption | undefined;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** The options that a look for newer versions uses. */
export type NewestOptions = Omit<Origins, "registryAuth"> &
  Pick<BuilderOptions, "arch" | "cacheDir"> &
  Partial<Pick<BuilderOptions, "signal">>;

/** The options that fetching uses. */
export type PullerOptions = Pick<BuilderOptions, "arch" | "name" | "outputDir" | "verify" | "registryMirrors" | "onProgress" | "signal">;

/** The result of a build. */
export interface Built {
  /** Identifies the artifact: changes with any byte of it. */
  readonly digest: Digest;
  readonly files: readonly BuiltFile[];
  /** `cached` ones were not rebuilt. */
  readonly segments: readonly {
    /** The part's name. */
    readonly name: string;
    readonly size: number;
    readonly unpacked?: number | undefined;
    readonly cached: boolean;
  }[];
  readonly lock: Lock;
  readonly planDigest: Digest;
  readonly cmdline: string;
  readonly pcrs?: Pcrs;
  /** Where it was published. */
  readonly pushed?: string | undefined;
}

/** One file of an artifact. */
export interface BuiltFile {
  /** Its role, independent of its name: `kernel`, `initrd`, `cmdline`, `image` for a format of one file, `sbom`. */
  readonly role: string;
  /** The file's name. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** For `aws` and `vhd`: which blocks of 512 KiB hold anything, and what, as text for the state. */
  readonly blocks?: string;
}
