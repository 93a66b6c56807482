import type { Arch } from "../core/arch.ts";
import { isLinuxKitError } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import { type Pcrs, predictPcrs } from "../disk/pcrs.ts";
import { wholeProgram } from "../format/boot-parts.ts";
import type { FormatWriter, Parts } from "../format/parts.ts";

/**
 * The PCR values of a TPM after booting the formats that consist of one EFI program, which is the same in all of them.
 * Undefined if no format has such a program, or if the values cannot be predicted for its kernel.
 */
export async function artifactPcrs(
  formats: readonly FormatWriter[],
  arch: Arch,
  parts: Parts,
  onProgress: OnProgress | undefined,
): Promise<Pcrs | undefined> {
  if (!formats.some((format) => format.wholeProgram?.(arch, parts.signer !== undefined))) return undefined;
  try {
    return await predictPcrs(wholeProgram(parts).body, parts.signer !== undefined);
  } catch (error) {
    if (!isLinuxKitError(error, "UNSUPPORTED")) throw error;
    onProgress?.({ stage: "build", message: `cannot predict PCR values: ${error.message}`, lasting: true });
    return undefined;
  }
}
