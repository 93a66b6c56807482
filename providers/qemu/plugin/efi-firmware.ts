import { access, constants } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Arch } from "../../../sdk/core/arch.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";

/** UEFI for a machine: its code, and the variables that a new machine starts with. */
export interface EfiFirmware {
  readonly code: string;
  readonly variables: string;
}

const SHARE = "/usr/share";

/** Paths of EDK II without Secure Boot on Debian and Ubuntu, on Fedora, and in QEMU's own folder. */
const PLACES: Readonly<Partial<Record<Arch, { readonly package: string; readonly files: (qemu: string) => readonly EfiFirmware[] }>>> = {
  amd64: {
    package: "ovmf",
    files: (qemu) => [
      { code: `${SHARE}/OVMF/OVMF_CODE_4M.fd`, variables: `${SHARE}/OVMF/OVMF_VARS_4M.fd` },
      { code: `${SHARE}/edk2/ovmf/OVMF_CODE.fd`, variables: `${SHARE}/edk2/ovmf/OVMF_VARS.fd` },
      { code: join(qemu, "edk2-x86_64-code.fd"), variables: join(qemu, "edk2-i386-vars.fd") },
    ],
  },
  arm64: {
    package: "qemu-efi-aarch64",
    files: (qemu) => [
      { code: `${SHARE}/AAVMF/AAVMF_CODE.fd`, variables: `${SHARE}/AAVMF/AAVMF_VARS.fd` },
      { code: `${SHARE}/edk2/aarch64/QEMU_EFI-pflash.raw`, variables: `${SHARE}/edk2/aarch64/vars-template-pflash.raw` },
      { code: join(qemu, "edk2-aarch64-code.fd"), variables: join(qemu, "edk2-arm-vars.fd") },
    ],
  },
};

/** Whether a machine of that architecture can boot a disk: s390x has no UEFI. */
export function hasEfi(arch: Arch): boolean {
  return PLACES[arch] !== undefined;
}

/** Finds the firmware on this host. @throws TOOL_MISSING with what to install */
export async function findEfi(arch: Arch, qemuPath: string): Promise<EfiFirmware> {
  const folders = PLACES[arch];
  for (const firmware of folders?.files(join(dirname(dirname(qemuPath)), "share", "qemu")) ?? []) {
    const there = await Promise.all(
      [firmware.code, firmware.variables].map((path) =>
        access(path, constants.R_OK).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (there.every(Boolean)) return firmware;
  }
  throw new LinuxKitError(
    "TOOL_MISSING",
    `a machine that boots a disk needs UEFI for ${arch}, which was not found on this host${folders ? `: install it (Debian and Ubuntu: apt-get install ${folders.package}; Fedora: edk2)` : ""}`,
    { tool: folders?.package ?? arch },
  );
}
