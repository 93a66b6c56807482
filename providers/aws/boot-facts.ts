import type { Arch } from "../../sdk/core/arch.ts";
import { isDeferred } from "../../sdk/core/deferred.ts";
import type { Definition } from "../../sdk/definition/definition.ts";

/** How an AMI starts, and what its machines have. */
export interface BootTraits {
  readonly bootMode: "uefi" | "uefi-preferred";
  readonly tpm: boolean;
}

/**
 * What an image's disk can do: that of amd64 starts by UEFI and by BIOS, that of arm64 by UEFI. A TPM needs UEFI.
 *
 * Source: Amazon EC2 User Guide, "Instance launch behavior with Amazon EC2 boot modes" (a feature that needs UEFI needs the boot
 * mode `uefi`), and "Requirements for using NitroTPM".
 */
export function bootTraits(arch: Arch, tpm: boolean): BootTraits {
  return { bootMode: arch === "amd64" && !tpm ? "uefi-preferred" : "uefi", tpm };
}

/** Whether something in an operating system uses a TPM: a container with its device, or a kernel with a module of one. */
export function usesTpm(definition: Definition | undefined): boolean {
  if (definition === undefined) return false;
  const { kernel, onboot = [], onshutdown = [], services = {} } = definition;
  const image = kernel?.image;
  const modules = typeof image === "object" && !isDeferred(image) ? (image.debian?.modules ?? []) : [];
  const containers: readonly unknown[] = [...onboot, ...onshutdown, ...Object.values(services)];
  const devices = containers.flatMap((container) => {
    const { devices = [] } = isDeferred(container) ? {} : (container as { readonly devices?: readonly unknown[] });
    return isDeferred(devices) ? [] : devices;
  });
  const paths = devices.flatMap((device) => (isDeferred(device) ? [] : [(device as { readonly path?: unknown }).path]));
  return (
    paths.some((path) => typeof path === "string" && path.startsWith("/dev/tpm")) ||
    (!isDeferred(modules) && modules.some((name) => typeof name === "string" && name.startsWith("tpm")))
  );
}

/** What EC2 says of an instance type. A member that is missing is not checked. */
export interface TypeFacts {
  readonly supportedArchitectures?: readonly string[];
  readonly bootModes?: readonly string[];
  readonly nitroTpmSupport?: string;
  /** Empty for bare metal. */
  readonly hypervisor?: string;
}

/** Why machines of a type cannot run an image; undefined: they can. */
export function typeProblem(
  type: string,
  facts: TypeFacts,
  arch: Arch,
  { bootMode, tpm }: BootTraits,
  hasXen: boolean,
): string | undefined {
  const { supportedArchitectures, bootModes, nitroTpmSupport, hypervisor } = facts;
  const wanted = arch === "amd64" ? "x86_64" : "arm64";
  if (supportedArchitectures && !supportedArchitectures.includes(wanted))
    return `got ${type}, which is ${supportedArchitectures.join(" and ")}, wanted one for ${wanted}: the image is built for ${arch}`;
  if (tpm && nitroTpmSupport === "unsupported")
    return `got ${type}, which has no NitroTPM, wanted one that has it: choose another type, or set tpm: false`;
  if (bootModes && bootMode === "uefi" && !bootModes.includes("uefi"))
    return `got ${type}, which starts by ${bootModes.join(" and ")} only, wanted one that starts by UEFI`;
  if (hypervisor === "xen" && !hasXen)
    return `got ${type}, whose disks and network are Xen's: name the modules xen_blkfront and xen_netfront in debian.kernel({ modules }), or choose a type of the Nitro System`;
  return undefined;
}

/** Whether a kernel has Xen's drivers, as far as its definition tells: one that is not Debian's may. */
export function hasXenDrivers(definition: Definition | undefined): boolean {
  const image = definition?.kernel?.image;
  if (typeof image !== "object" || isDeferred(image) || image.debian === undefined || isDeferred(image.debian)) return true;
  const { flavour = "cloud", modules = [] } = image.debian;
  return flavour === "generic" || isDeferred(modules) || modules.includes("xen_netfront");
}
