import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Arch } from "../core/arch.ts";
import { invalid, unsupported } from "../core/failure.ts";
import { aws, dynamicVhd, gcp, qcow2Bios, qcow2Efi, rawBios, rawEfi, rawHybrid, vhd, vmdk } from "./disk-image.ts";
import { docker } from "./docker.ts";
import { isoBios, isoEfi, isoEfiInitrd } from "./iso.ts";
import { kernelInitrd, tarKernelInitrd } from "./kernel-initrd.ts";
import { LOADER_FILES, type LoaderFile } from "./loaders.ts";
import { toolMissing } from "./mksquashfs.ts";
import type { FormatWriter } from "./parts.ts";
import { kernelSquashfsInitrd } from "./packed-root.ts";
import { kernelErofs, kernelSquashfs } from "./root-image.ts";
import { tar } from "./tar.ts";

/** Every format by its name, which is LinuxKit's where LinuxKit has the format. */
export const FORMATS = {
  "kernel+initrd": kernelInitrd,
  tar,
  docker,
  "tar-kernel-initrd": tarKernelInitrd,
  "kernel+erofs": kernelErofs,
  "kernel+squashfs": kernelSquashfs,
  "kernel+squashfs-initrd": kernelSquashfsInitrd,
  "raw-bios": rawBios,
  "raw-efi": rawEfi,
  "raw-hybrid": rawHybrid,
  "qcow2-bios": qcow2Bios,
  "qcow2-efi": qcow2Efi,
  "iso-bios": isoBios,
  "iso-efi": isoEfi,
  "iso-efi-initrd": isoEfiInitrd,
  vhd,
  "dynamic-vhd": dynamicVhd,
  vmdk,
  aws,
  gcp,
} as const satisfies Record<string, FormatWriter>;

/** The name of a format. */
export type FormatName = keyof typeof FORMATS;

export const DEFAULT_FORMAT: FormatName = "kernel+initrd";

/** LinuxKit's formats that this library does not build, and what to use instead. */
const NOT_MADE: Readonly<Record<string, string>> = {
  "kernel+iso":
    "iso-bios or iso-efi for a CD, or kernel+erofs or kernel+squashfs for a root beside the kernel: the ISO of kernel+iso boots nothing",
  rpi3: "raw-efi with arch arm64 on a board whose firmware has EFI, or kernel+initrd with the board's own loader",
};

/** What to use instead of a format of LinuxKit's that is not built; undefined for any other name. */
export function notMade(name: string): string | undefined {
  return Object.hasOwn(NOT_MADE, name) ? NOT_MADE[name] : undefined;
}

/**
 * The writer of a format.
 *
 * @throws INVALID_DEFINITION, listing the names, for an unknown one; UNSUPPORTED for one of LinuxKit's that is not built
 */
export function formatWriter(name: string): FormatWriter {
  if (Object.hasOwn(FORMATS, name)) return FORMATS[name as FormatName];
  const instead = notMade(name);
  if (instead !== undefined) throw unsupported("format", `got ${JSON.stringify(name)}, which is not supported, wanted ${instead}`, name);
  throw invalid("format", `got ${JSON.stringify(name)}, wanted one of ${Object.keys(FORMATS).join(", ")}`);
}

/**
 * The writers of one build. Also checks that the host has the programs that they need.
 *
 * @throws as {@link checkFormats}, TOOL_MISSING for a program that is not on PATH
 */
export function chooseFormats(names: readonly string[], arch: Arch): FormatWriter[] {
  const writers = checkFormats(names, arch);
  for (const { tool } of writers) if (tool && !isOnPath(tool.program)) throw toolMissing(tool);
  return writers;
}

/**
 * The writers of one build, on any host.
 *
 * @throws INVALID_DEFINITION for an unknown name and for two formats that write the same file, UNSUPPORTED for a format
 * that is not built, or not for this architecture
 */
export function checkFormats(names: readonly string[], arch: Arch): FormatWriter[] {
  const owners = new Map<string, string>();
  return names.map((name) => {
    const writer = formatWriter(name);
    if (writer.arches && !writer.arches.includes(arch))
      throw unsupported("formats", `${name} is not available for ${arch}: use ${writer.instead}`, name);
    for (const suffix of writer.suffixes) {
      const other = owners.get(suffix);
      if (other !== undefined)
        throw invalid(
          "formats",
          other === name ? `${name} is given twice` : `${other} and ${name} both write NAME${suffix}: build them into two folders`,
        );
      owners.set(suffix, name);
    }
    return writer;
  });
}

/** Formats that can be signed on every architecture with EFI. */
const SIGNED = "raw-efi, qcow2-efi, iso-efi-initrd, gcp, vhd or dynamic-vhd";

/**
 * Checks that a Secure Boot signature covers everything that the formats boot. Formats that do not boot by themselves are
 * allowed beside those that are signed.
 *
 * @throws UNSUPPORTED for a format that boots unsigned files, INVALID_DEFINITION for formats without an EFI program
 */
export function checkSigned(names: readonly string[], arch: Arch): void {
  const open = names.find((name) => formatWriter(name).wholeProgram?.(arch, true) === false);
  if (open !== undefined)
    throw unsupported("secureBoot", `${open} boots files that a signature does not cover; use ${SIGNED}`, "secureBoot");
  if (!names.some((name) => formatWriter(name).wholeProgram?.(arch, true))) {
    throw invalid("secureBoot", `there is no EFI program to sign in ${names.join(", ")}, wanted ${SIGNED} among the formats`);
  }
}

/** The files of loaders that formats take, each once. */
export function loaderFiles(writers: readonly FormatWriter[], arch: Arch): LoaderFile[] {
  return [...new Set(writers.flatMap((writer) => writer.loaders?.(arch) ?? []))];
}

/** The Debian packages that hold the {@link loaderFiles} of formats, each once, sorted. */
export function loaderPackages(names: readonly string[], arch: Arch): string[] {
  return [...new Set(loaderFiles(chooseFormats(names, arch), arch).map((file) => LOADER_FILES[file].package))].sort();
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
