import type { Arch } from "../core/arch.ts";
import { type Digest, digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import type { LockedDeb } from "../debian/locked.ts";
import type { DebianImage } from "../definition/debian-image.ts";

/**
 * Everything that decides an operating system's bytes, as plain JSON: it can be printed, compared and hashed before
 * anything is built. Formats and file names are not part of it: the same plan is written in any format.
 */
export interface Plan {
  readonly version: 1;
  readonly arch: Arch;
  /** The kernel's command line, without a newline; `""` for none. */
  readonly cmdline: string;
  readonly kernel?: PlanKernel;
  /** In the order in which the guest's kernel unpacks them: a later one overrides an earlier one. */
  readonly segments: readonly PlanSegment[];
  /** {@link planDigest} of all the rest. */
  readonly digest: Digest;
}

/** Where the kernel's own file comes from. */
export interface PlanKernel {
  readonly source: PlanSource;
  /** Path of the kernel's file in an OCI image; Debian's is found by its package. @default "kernel" */
  readonly binary?: string;
  /** Path in an OCI image of a cpio with microcode, which goes before the rest of the initrd. @default none */
  readonly ucode?: string;
}

/** A part of the root filesystem that is packed and cached on its own. */
export interface PlanSegment {
  /** For people: progress lines and the artifact's list. It is not part of the bytes, nor of the key. */
  readonly name: string;
  readonly compression: SegmentCompression;
  /** In this order: a later step overrides an earlier one, path by path. */
  readonly steps: readonly PlanStep[];
}

/** How a segment is compressed. Levels as zstd (1…22) and zlib (1…9) count them. */
export interface SegmentCompression {
  readonly algorithm: "zstd" | "gzip";
  readonly level: number;
}

/** One contribution to a segment. */
export type PlanStep = UnpackStep | ArchiveStep | LayoutStep | ModulesStep | EntryStep;

/** An image's tree, moved under `prefix` (`""` is the root). */
export interface UnpackStep {
  readonly kind: "unpack";
  readonly source: PlanSource;
  readonly prefix: string;
  /** What becomes of the paths that belong to a machine: see `imageTree`. */
  readonly place: TreePlace;
  /** Added to every user and group of the tree, which are below 65536: where they begin on the machine. @default 0 */
  readonly idBase?: number;
  /** What the user wrote that brought it here, for messages: `services.web`. */
  readonly location: string;
}

/** Where an image's tree goes: into the root itself, a container's root filesystem, or a volume. */
export type TreePlace = "init" | "container" | "volume";

/** What a tar archive within an image holds, at the root: a kernel's modules. */
export interface ArchiveStep {
  readonly kind: "archive";
  readonly source: PlanSource;
  /** Path of the archive in the image. */
  readonly member: string;
  /** Whether the root has `bin`, `sbin` and `lib` in `usr`: paths of the archive go there too. */
  readonly mergedUsr: boolean;
  readonly location: string;
}

/** An image as it is, for a container that reads images: an OCI layout under `prefix`. */
export interface LayoutStep {
  readonly kind: "layout";
  /** The image's full reference, as the layout names it. */
  readonly reference: string;
  readonly root: PlanLayer;
  /** What lies under `blobs`: the root, and everything below it for the platforms asked for. */
  readonly blobs: readonly PlanBlob[];
  readonly prefix: string;
  readonly location: string;
}

/** Kernel modules with all that they need, under `lib/modules`, and `etc/modules.list` in the order of insmod. */
export interface ModulesStep {
  readonly kind: "modules";
  readonly source: PlanSource;
  /** The names asked for, without what they depend on. */
  readonly names: readonly string[];
  /** Which modules come beside those that are asked for: an OS's, or those that lead to its root. @default "system" */
  readonly purpose?: "root";
}

/** One path whose content is in the plan itself or, when it is large, in the blob store. */
export interface EntryStep {
  readonly kind: "entry";
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** A file's content as UTF-8 text; exactly one of `contents`, `base64` and `blob` is given for a file. */
  readonly contents?: string;
  /** A file's content, in base64. */
  readonly base64?: string;
  /** A file's content in the blob store. */
  readonly blob?: PlanBlob;
  /** A symlink's target. */
  readonly link?: string;
}

/** Where a tree comes from, pinned by digest. */
export type PlanSource =
  | { readonly debian: DebianImage["debian"]; readonly packages: readonly LockedDeb[] }
  | { readonly oci: { readonly manifest: Digest; readonly layers: readonly PlanLayer[] } };

/** Bytes that are kept, or fetched, by their digest. */
export interface PlanBlob {
  readonly digest: Digest;
  /** Bytes as stored, compressed or not. */
  readonly size: number;
}

/** One layer of an OCI image, lowest first. */
export interface PlanLayer extends PlanBlob {
  readonly mediaType: string;
}

/** The name of a segment's bytes in the cache, 64 hexadecimal digits: equal content and compression, equal key. */
export function segmentKey({ compression, steps }: PlanSegment): string {
  return hexOf(digestOf(canonicalJson({ layout: SEGMENT_LAYOUT, compression, steps })));
}

/** The name of a kernel's own file in the cache, as {@link segmentKey}. */
export function kernelKey({ source, binary }: PlanKernel): string {
  return hexOf(digestOf(canonicalJson({ layout: SEGMENT_LAYOUT, kernel: { source, binary } })));
}

/** The name of a kernel's microcode in the cache, as {@link segmentKey}. */
export function microcodeKey({ source, ucode }: PlanKernel): string {
  return hexOf(digestOf(canonicalJson({ layout: SEGMENT_LAYOUT, microcode: { source, ucode } })));
}

/** What the operating system is, whatever format it is written in. */
export function planDigest(plan: Omit<Plan, "digest">): Digest {
  const { version, arch, cmdline, kernel } = plan;
  return digestOf(canonicalJson({ version, arch, cmdline, kernel, segments: plan.segments.map(segmentKey) }));
}

// counts the changes of how steps become bytes, so that a cache made by an older release is not taken for current
const SEGMENT_LAYOUT = 4;
