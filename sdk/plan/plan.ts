import type { Arch } from "../core/arch.ts";
import { type Digest, digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import type { LockedDeb } from "../debian/locked.ts";
import type { DebianImage } from "../definition/debian-image.ts";
import type { Stage1Purpose } from "../guest/stage1/files.ts";

/**
 * Everything that determines an operating system's bytes, as plain JSON. It can be printed, compared and hashed before
 * anything is built. It is independent of formats and file names: one plan can be written in any format.
 */
export interface Plan {
  readonly version: 1;
  readonly arch: Arch;
  /** The kernel's command line, without a newline; `""` for none. */
  readonly cmdline: string;
  readonly kernel?: PlanKernel;
  /** In the order in which the guest's kernel unpacks them; a later one overrides an earlier one. */
  readonly segments: readonly PlanSegment[];
  /** {@link planDigest} of the other fields. */
  readonly digest: Digest;
}

/** The source of the kernel's file. */
export interface PlanKernel {
  readonly source: PlanSource;
  /** Path of the kernel's file in an OCI image; Debian's is found by its package. @default "kernel" */
  readonly binary?: string;
  /** Path in an OCI image of a cpio archive with microcode, which precedes the rest of the initrd. @default no microcode */
  readonly ucode?: string;
}

/** A part of the root filesystem that is packed and cached separately. */
export interface PlanSegment {
  /** For progress lines and the artifact's list. It is not part of the bytes or of the key. */
  readonly name: string;
  readonly compression: SegmentCompression;
  /** In order; a later step overrides an earlier one, path by path. */
  readonly steps: readonly PlanStep[];
}

/** How a segment is compressed. `level` is 1…22 for zstd and 1…9 for gzip. */
export interface SegmentCompression {
  readonly algorithm: "zstd" | "gzip";
  readonly level: number;
  /**
   * The base-2 logarithm of zstd's window, 10…27. The guest's kernel holds a window beside what it has unpacked.
   *
   * @default the level's
   */
  readonly window?: number;
}

/** One contribution to a segment. */
export type PlanStep = UnpackStep | ArchiveStep | LayoutStep | ModulesStep | EntryStep;

/** An image's tree, placed below `prefix` (`""` is the root). */
export interface UnpackStep {
  readonly kind: "unpack";
  readonly source: PlanSource;
  readonly prefix: string;
  /** Determines which paths the OS replaces: see `imageTree`. */
  readonly place: TreePlace;
  /** Added to every user and group id of the tree, which must be below 65536. @default 0 */
  readonly idBase?: number;
  /**
   * Files, relative to `prefix`, that the init's image has too. A segment leaves them out, and the guest links the init's
   * files there: they are in memory once. A tree of files has them.
   *
   * @default none
   */
  readonly shared?: readonly string[];
  /** Its path in the definition, for messages: `services.web.image`. */
  readonly location: string;
}

/** Where an image's tree goes: into the root itself, a container's root filesystem, or a volume. */
export type TreePlace = "init" | "container" | "volume";

/** The contents of a tar archive in an image, placed at the root: a kernel's modules. */
export interface ArchiveStep {
  readonly kind: "archive";
  readonly source: PlanSource;
  /** Path of the archive in the image. */
  readonly member: string;
  /** Whether the root has `bin`, `sbin` and `lib` in `usr`; if so, paths of the archive are moved there. */
  readonly mergedUsr: boolean;
  readonly location: string;
}

/** An image as an OCI layout below `prefix`, for a container that reads images. */
export interface LayoutStep {
  readonly kind: "layout";
  /** The image's full reference, which the layout has as its name. */
  readonly reference: string;
  readonly root: PlanLayer;
  /** The blobs of the layout: the root, and everything below it for the wanted platforms. */
  readonly blobs: readonly PlanBlob[];
  readonly prefix: string;
  readonly location: string;
}

/** Kernel modules and their dependencies, below `lib/modules`, and `etc/modules.list` in the order for insmod. */
export interface ModulesStep {
  readonly kind: "modules";
  readonly source: PlanSource;
  /** The names in the definition, without their dependencies. */
  readonly names: readonly string[];
  /** Default modules that this OS has no use for. @default none */
  readonly without?: readonly string[];
  /** The modules of a first stage, which mount the root filesystem, instead of those of an OS. @default those of an OS */
  readonly purpose?: Stage1Purpose;
}

/** One path. Its content is in the plan itself or, if large, in the blob store. */
export interface EntryStep {
  readonly kind: "entry";
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** A file's content as UTF-8 text; exactly one of `contents`, `blob` and `program` is given for a file. */
  readonly contents?: string;
  /** A file's content in the blob store. */
  readonly blob?: PlanBlob;
  /** A file that comes with this package: the guest's program. */
  readonly program?: PlanBlob;
  /** Whether it is the init's own program, which the guest links there: see `shared` of {@link UnpackStep}. @default false */
  readonly shared?: boolean;
  /** A symlink's target. */
  readonly link?: string;
}

/** The source of a tree, pinned by digest. */
export type PlanSource =
  | { readonly debian: DebianImage["debian"]; readonly packages: readonly LockedDeb[] }
  | { readonly oci: { readonly manifest: Digest; readonly layers: readonly PlanLayer[] } };

/** Content that is stored and fetched by digest. */
export interface PlanBlob {
  readonly digest: Digest;
  /** Bytes as stored, possibly compressed. */
  readonly size: number;
}

/** One layer of an OCI image, lowest first. */
export interface PlanLayer extends PlanBlob {
  readonly mediaType: string;
}

/** The key of a segment in the cache, 64 hexadecimal digits. Equal content and compression give equal keys. */
export function segmentKey({ compression, steps }: PlanSegment): string {
  return hexOf(digestOf(canonicalJson({ layout: SEGMENT_LAYOUT, compression, steps })));
}

/** The key of a kernel's file in the cache, like {@link segmentKey}. */
export function kernelKey({ source, binary }: PlanKernel): string {
  return hexOf(digestOf(canonicalJson({ layout: SEGMENT_LAYOUT, kernel: { source, binary } })));
}

/** The key of a kernel's microcode in the cache, like {@link segmentKey}. */
export function microcodeKey({ source, ucode }: PlanKernel): string {
  return hexOf(digestOf(canonicalJson({ layout: SEGMENT_LAYOUT, microcode: { source, ucode } })));
}

/**
 * What the disks of an operating system are recognised by: its command line, and the places of its images. No name of a
 * program's is part of it, so that a rename changes no byte; neither is content, so that it outlives a new build.
 */
export function diskIdentity({ cmdline, segments }: Pick<Plan, "cmdline" | "segments">): string {
  const places = segments.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === "unpack" ? [step.prefix] : [])));
  return hexOf(digestOf(canonicalJson({ cmdline, places }))).slice(0, 32);
}

/** The key under which the cache keeps whether a kernel unpacks zstd, like {@link segmentKey}. */
export function zstdKey({ source, binary }: PlanKernel): string {
  return hexOf(digestOf(canonicalJson({ layout: SEGMENT_LAYOUT, zstd: { source, binary } })));
}

/** Identifies an operating system, independent of the format. */
export function planDigest(plan: Omit<Plan, "digest">): Digest {
  const { version, arch, cmdline, kernel } = plan;
  return digestOf(canonicalJson({ version, arch, cmdline, kernel, segments: plan.segments.map(segmentKey) }));
}

// raise it when the bytes of a step change: it is part of the keys, so segments of older releases are not reused
const SEGMENT_LAYOUT = 6;
