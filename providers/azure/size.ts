import type { Arch } from "../../sdk/core/arch.ts";

/** What the name of a machine size tells about its machines. */
export interface Size {
  readonly arch: Arch;
  /** Whether it starts images of generation 2, the only ones that are made here. */
  readonly generation2: boolean;
  readonly trustedLaunch: boolean;
  /** Whether its remote disks are NVMe disks only. */
  readonly nvmeOnly: boolean;
}

/** Family, number of CPUs, features, accelerator, version. Source: Microsoft Learn, "Azure virtual machine sizes naming conventions". */
const NAME = /^Standard_([A-Z]+)\d+(?:-\d+)?([a-z]*)(?:_(?!v\d)[A-Za-z\d]+)?(?:_v(\d+))?$/i;

/** Families whose generations from 6 on have NVMe disks only. Source: Azure/SAP-on-Azure-Scripts-and-Utilities#131; each series' page. */
const NVME_FAMILIES = ["D", "E", "F", "FX", "L"];

/**
 * Source: Microsoft Learn, "Trusted Launch for Azure virtual machines", table of sizes, as of April 2026. Arm64 sizes before
 * generation 6 have Ampere processors; that page's FAQ names the Cobalt sizes, which are of generation 6, as those that have it.
 *
 * @returns undefined for a name of another form
 */
export function sizeOf(name: string): Size | undefined {
  const found = NAME.exec(name);
  if (!found) return undefined;
  const family = (found[1] as string).toUpperCase();
  const features = (found[2] as string).toLowerCase();
  const version = Number(found[3] ?? 1);
  const arch = features.includes("p") && family !== "NP" ? "arm64" : "amd64";
  const generation2 = !isGeneration1(family, features, version);
  const isConfidential = /^(DC|EC)$/.test(family) && /^[ae]/.test(features);
  const isOldArm = arch === "arm64" && version < 6;
  const isA100 = family === "ND" && version === 4;
  return {
    arch,
    generation2,
    trustedLaunch: generation2 && !isOldArm && !isConfidential && !isA100 && !family.startsWith("M"),
    nvmeOnly: version >= 6 && NVME_FAMILIES.includes(family),
  };
}

/** Source: the same table: the families that Trusted Launch can never have, because they do not start generation 2. */
function isGeneration1(family: string, features: string, version: number): boolean {
  if (family === "A" || family === "NP") return true;
  // Dv2 and Dv3; the sizes of Dsv2 are called DS
  if (family === "D") return features === "" && version <= 3;
  return (family === "NC" || family === "NV") && version === 1;
}
