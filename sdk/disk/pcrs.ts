import { createHash, type Hash } from "node:crypto";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";
import { authenticodeHash } from "./authenticode.ts";
import { parsePe, PE_HEAD_BYTES } from "./pe.ts";

/** PCRs of a TPM by number, as a machine reports them after booting an image: sha256, 64 hexadecimal digits. */
export interface Pcrs {
  /** The programs that firmware started: the EFI program, and without Secure Boot the kernel in it. */
  readonly 4: string;
  /** The kernel's input: its command line and the initrd. */
  readonly 9: string;
  /** The parts of the EFI program: kernel, os-release, command line and initrd. */
  readonly 11: string;
}

/** The sections that systemd's stub measures, in its order. */
const MEASURED = [".linux", ".osrel", ".cmdline", ".initrd"] as const;

/**
 * Predicts the PCRs in the sha256 bank after booting a unified kernel image of {@link unifiedKernelImage}. The image is
 * read once.
 *
 * - PCR 4, by firmware (TCG PC Client Platform Firmware Profile 3.3.4): the action of the first boot option, a separator,
 *   the program. systemd's stub 252 then has firmware load the kernel, which firmware measures too. Under Secure Boot the
 *   stub vouches for the kernel, and firmware does not measure it.
 * - PCR 9, by the kernel's EFI stub since 5.18: load options (UTF-16 with its NUL), initrd.
 * - PCR 11, by systemd's stub 252: for each section its name with a NUL, then its content.
 *
 * @param secureBoot whether firmware verifies signatures
 * @throws CORRUPT when it is not a unified kernel image, UNSUPPORTED for gaps between the kernel's sections, which
 * firmware implementations measure differently
 */
export async function predictPcrs(program: Bytes, secureBoot: boolean): Promise<Pcrs> {
  const { images, sections, cmdline } = await measure(program, !secureBoot);
  const boot = [sha256("Calling EFI Application from Boot Option"), sha256(new Uint8Array(4)), ...images];
  const stub = MEASURED.flatMap((name) => [sha256(`${name}\0`), present(sections.get(name))]);
  return {
    4: extended(boot),
    9: extended([sha256(Buffer.from(`${cmdline}\0`, "utf16le")), present(sections.get(".initrd"))]),
    11: extended(stub),
  };
}

interface Measured {
  /** Authenticode digests of the images that firmware loads: the program, and without Secure Boot the kernel in it. */
  readonly images: readonly Buffer[];
  /** The sha256 of each section. */
  readonly sections: ReadonlyMap<string, Buffer>;
  readonly cmdline: string;
}

/** A part of the file that is hashed. */
interface Range {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly hash: Hash;
}

async function measure(program: Bytes, withKernel: boolean): Promise<Measured> {
  const image = authenticodeHash("EFI program");
  const kernel = withKernel ? authenticodeHash("kernel") : undefined;
  const cmdline: Buffer[] = [];
  let ranges: Range[] | undefined;
  let head: Buffer = Buffer.alloc(0);
  let at = 0;
  const take = (bytes: Uint8Array): void => {
    for (const range of present(ranges)) {
      const part = bytes.subarray(Math.max(0, range.start - at), Math.max(0, range.end - at));
      if (part.length === 0) continue;
      range.hash.update(part);
      if (range.name === ".linux") kernel?.update(part);
      if (range.name === ".cmdline") cmdline.push(Buffer.from(part));
    }
    at += bytes.length;
  };
  for await (const chunk of program) {
    image.update(chunk);
    if (ranges) take(chunk);
    else {
      head = Buffer.concat([head, chunk]);
      if (head.length < PE_HEAD_BYTES) continue;
      ranges = rangesOf(head);
      take(head);
    }
  }
  if (!ranges) throw new LinuxKitError("CORRUPT", `not an EFI program (${head.length} bytes)`, { path: "EFI program" });
  return {
    images: [image.digest(), ...(kernel ? [kernel.digest()] : [])],
    sections: new Map(ranges.map(({ name, hash }) => [name, hash.digest()])),
    cmdline: Buffer.concat(cmdline).toString("latin1"),
  };
}

function rangesOf(head: Uint8Array): Range[] {
  const { sections } = parsePe(head, "EFI program");
  return MEASURED.map((name) => {
    const section = sections.find((one) => one.name === name);
    if (!section)
      throw new LinuxKitError("CORRUPT", `EFI program: not a unified kernel image: it has no section ${name}`, {
        path: "EFI program",
      });
    // the stub measures a section's size in memory; the section is padded in the file
    return { name, start: section.rawOffset, end: section.rawOffset + section.virtualSize, hash: createHash("sha256") };
  });
}

/** A PCR that started as zeroes, extended by these digests. */
function extended(digests: readonly Uint8Array[]): string {
  return digests.reduce<Buffer>((value, digest) => sha256(Buffer.concat([value, digest])), Buffer.alloc(32)).toString("hex");
}

function sha256(content: string | Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}
