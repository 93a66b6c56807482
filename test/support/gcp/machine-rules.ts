/**
 * Plays the checks on a machine or template: type, network, disks, boot image, Shielded VM.
 *
 * Source: Compute Engine, "Machine families resource"; openshift/installer, `InstanceTypeToDiskTypeMap`: disks of each family.
 * Source: compute v1, `AttachedDiskInitializeParams`: pd-standard without a type, and at least 10 GB where a size is given.
 * Assumed: that every family has any number of CPUs; the words of most refusals.
 */
import type { Compute } from "./compute.ts";
import { resolveImage } from "./images.ts";
import { GoogleRefusal, invalid } from "./refusal.ts";
import { checkLabels, checkMetadata, checkTags } from "./rules.ts";
import type { Json } from "./schemas.ts";

interface Family {
  readonly arch: "X86_64" | "ARM64";
  readonly gvnicOnly?: boolean;
  /** Types of its boot disks. */
  readonly disks: readonly string[];
}

const PERSISTENT = ["pd-standard", "pd-balanced", "pd-ssd"];
const MIXED = ["pd-balanced", "pd-ssd", "hyperdisk-balanced"];
const HYPERDISK = ["hyperdisk-balanced"];

/** Architecture and disks of each machine family, and whether it requires gVNIC. */
const FAMILIES: Readonly<Record<string, Family>> = {
  e2: { arch: "X86_64", disks: PERSISTENT },
  n1: { arch: "X86_64", disks: PERSISTENT },
  n2: { arch: "X86_64", disks: PERSISTENT },
  n2d: { arch: "X86_64", disks: PERSISTENT },
  c2: { arch: "X86_64", disks: PERSISTENT },
  c2d: { arch: "X86_64", disks: PERSISTENT },
  c3: { arch: "X86_64", gvnicOnly: true, disks: MIXED },
  c3d: { arch: "X86_64", gvnicOnly: true, disks: MIXED },
  c4: { arch: "X86_64", gvnicOnly: true, disks: HYPERDISK },
  n4: { arch: "X86_64", gvnicOnly: true, disks: HYPERDISK },
  t2a: { arch: "ARM64", disks: PERSISTENT },
  c4a: { arch: "ARM64", gvnicOnly: true, disks: HYPERDISK },
};

/** @throws GoogleRefusal for an unknown type */
export function machineType(name: Json, field: string): { readonly cpus: number } & Family {
  const short = String(name ?? "")
    .split("/")
    .at(-1) as string;
  const [, family = "", size = ""] = /^([a-z]\d[a-z]*)-(micro|small|medium|(?:standard|highmem|highcpu)-\d+)$/.exec(short) ?? [];
  const known = Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  if (!known || (/^(micro|small|medium)$/.test(size) && family !== "e2"))
    throw invalid(field, name, "The referenced resource does not exist.");
  return { ...known, cpus: Number(size.split("-")[1] ?? 2) };
}

/**
 * Checks a machine or a template.
 *
 * @param field prefix of field names: `resource` or `resource.properties`
 * @returns the boot image; undefined if it boots an existing disk
 */
export function checkMachine(world: Compute, project: string, body: Json, field: string): Json | undefined {
  checkLabels(body.labels);
  checkMetadata(body.metadata);
  checkTags(body.tags);
  const type = machineType(body.machineType, `${field}.machineType`);
  if (!body.networkInterfaces?.length) throw invalid(`${field}.networkInterfaces`, "", "At least one network interface is required.");
  for (const [index, { network, subnetwork }] of body.networkInterfaces.entries())
    if (!network && !subnetwork)
      throw invalid(
        `${field}.networkInterfaces[${index}]`,
        "",
        "At least one of network, subnetwork or network attachment should be specified.",
      );
  for (const { email } of body.serviceAccounts ?? [])
    if (!/^[^@\s]+@[^@\s]+$/.test(email ?? "")) throw invalid(`${field}.serviceAccounts[0].email`, email, "The email is malformed.");
  const boot = checkDisks(body.disks ?? [], field);
  const source = boot.initializeParams?.sourceImage;
  if (source === undefined) return undefined;
  const image = resolveImage(world, project, source, `${field}.disks[0].initializeParams.sourceImage`);
  const wanted = Number(boot.initializeParams.diskSizeGb ?? boot.diskSizeGb ?? image.diskSizeGb);
  if (wanted < Number(image.diskSizeGb))
    throw invalid(
      `${field}.disks[0].initializeParams.diskSizeGb`,
      wanted,
      `Requested disk size cannot be smaller than the image size (${image.diskSizeGb} GB)`,
    );
  const diskType = String(boot.initializeParams.diskType ?? "pd-standard")
    .split("/")
    .at(-1) as string;
  if (!type.disks.includes(diskType))
    throw new GoogleRefusal(
      400,
      "badRequest",
      `[${diskType}] features are not compatible for creating instance: the machine type does not support it.`,
    );
  if (boot.initializeParams.diskSizeGb !== undefined ? wanted < 10 : diskType.startsWith("hyperdisk-") && wanted < 4)
    throw invalid(`${field}.disks[0].initializeParams.diskSizeGb`, wanted, "Disk size is too small for the disk type.");
  checkFit(type, boot.initializeParams.architecture ?? image.architecture, featuresOf(image, boot), body, field);
  return image;
}

function featuresOf(image: Json, boot: Json): ReadonlySet<string> {
  return new Set([...(image.guestOsFeatures ?? []), ...(boot.guestOsFeatures ?? [])].map(({ type }: { type: string }) => type));
}

function checkFit(
  type: { readonly arch: string; readonly gvnicOnly?: boolean },
  arch: string,
  features: ReadonlySet<string>,
  body: Json,
  field: string,
): void {
  if (arch !== type.arch)
    throw new GoogleRefusal(
      400,
      "badRequest",
      `The selected machine type (${String(body.machineType).split("/").at(-1)}) has an instruction set architecture (${type.arch}) that is not compatible with the architecture of the boot disk (${arch}).`,
    );
  const shielded = body.shieldedInstanceConfig ?? {};
  if ((shielded.enableSecureBoot || shielded.enableVtpm) && !features.has("UEFI_COMPATIBLE"))
    throw invalid(`${field}.shieldedInstanceConfig`, "", "Shielded VM Config can only be set when using a UEFI-compatible disk.");
  const wantsGvnic = type.gvnicOnly || body.networkInterfaces.some(({ nicType }: { nicType?: string }) => nicType === "GVNIC");
  if (wantsGvnic && !features.has("GVNIC"))
    throw new GoogleRefusal(400, "badRequest", "gVNIC is required, and the guest OS of the boot disk does not support it.");
  if (type.gvnicOnly && body.networkInterfaces.some(({ nicType }: { nicType?: string }) => nicType === "VIRTIO_NET"))
    throw invalid(`${field}.networkInterfaces[0].nicType`, "VIRTIO_NET", "VIRTIO_NET is not supported by this machine type.");
}

/** @returns the boot disk */
function checkDisks(disks: readonly Json[], field: string): Json {
  const boots = disks.filter(({ boot }) => boot);
  if (boots.length !== 1 || disks[0] !== boots[0])
    throw invalid(`${field}.disks`, "", disks.length === 0 ? "No disks are specified." : "The first disk must be the only boot disk.");
  const names = new Set<string>();
  for (const [index, { source, initializeParams, deviceName }] of disks.entries()) {
    if ((source === undefined) === (initializeParams === undefined))
      throw invalid(`${field}.disks[${index}]`, "", "Exactly one of source and initializeParams must be specified.");
    if (deviceName === undefined) continue;
    if (names.has(deviceName)) throw invalid(`${field}.disks[${index}].deviceName`, deviceName, "Duplicate device name.");
    names.add(deviceName);
  }
  return disks[0];
}
