import type { Arch } from "../../sdk/core/arch.ts";

/** What a machine series has. */
export interface Series {
  readonly arch: Arch;
  /** The type of its boot disks; undefined where Compute Engine's default, `pd-standard`, is one of its types. */
  readonly bootDisk: "pd-balanced" | "hyperdisk-balanced" | undefined;
}

const AMD64: Series = { arch: "amd64", bootDisk: undefined };
const WITHOUT_STANDARD: Series = { arch: "amd64", bootDisk: "pd-balanced" };
const HYPERDISK: Series = { arch: "amd64", bootDisk: "hyperdisk-balanced" };

/**
 * Source: openshift/installer, `InstanceTypeToDiskTypeMap`, January 2026, and its pull request 10271; karpenter-provider-gcp#586
 * for N4D; kdevops#77. Of the others: Compute Engine, "Machine families resource and comparison guide", November 2026.
 */
const SERIES: Readonly<Record<string, Series>> = {
  ...Object.fromEntries(["a2", "c2", "c2d", "e2", "f1", "g1", "n1", "n2", "n2d", "t2d"].map((name) => [name, AMD64])),
  ...Object.fromEntries(["a3", "c3", "c3d", "g2", "h3", "m1", "m2", "m3", "z3"].map((name) => [name, WITHOUT_STANDARD])),
  ...Object.fromEntries(["a4", "c4", "c4d", "h4d", "m4", "n4", "n4d", "x4"].map((name) => [name, HYPERDISK])),
  t2a: { arch: "arm64", bootDisk: undefined },
  ...Object.fromEntries(["a4x", "c4a", "n4a"].map((name) => [name, { ...HYPERDISK, arch: "arm64" as const }])),
};

/** GiB that a Hyperdisk boot disk has at least. Source: compute v1, `AttachedDiskInitializeParams.diskSizeGb`. */
export const LEAST_HYPERDISK_GIB = 10;

/**
 * The series of a machine type: `c4a-standard-1`, or a custom one, which is of N1 where it names no series.
 *
 * @returns undefined for a series that is not in the table
 */
export function seriesOf(machineType: string): Series | undefined {
  const name = machineType.split("/").at(-1)?.split("-")[0] ?? "";
  return SERIES[name === "custom" ? "n1" : name];
}
