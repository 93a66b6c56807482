import { z } from "zod";
import { ARCHES } from "../../core/arch.ts";
import type { Digest } from "../../core/digest.ts";
import type { Pcrs } from "../../disk/pcrs.ts";
import { input } from "../../plugin/input.ts";
import type { Lock } from "../../resolve/lock.ts";

const digest = z.string() as unknown as z.ZodType<Digest>;

/** Outputs of `linuxkit:index:ImageBuild`. */
export const imageBuildOutputs = z.object({
  digest: input("Identifies the built files: changes with any byte of them.", digest),
  planDigest: input("sha256 of the plan: what the operating system is, in any format.", digest),
  arch: input("The architecture.", z.enum(ARCHES)),
  cmdline: input("The kernel's command line.", z.string()),
  path: input("The folder of the files on the machine that built last. It follows from `digest` and is never compared.", z.string()),
  files: input(
    "The files of the build.",
    z
      .array(
        z.object({
          role: input("Its role, independent of its name: kernel, initrd, cmdline, image, sbom.", z.string()),
          name: input("The file's name.", z.string()),
          size: input("Bytes.", z.int()),
          sha256: input("64 hexadecimal digits.", z.string()),
          blocks: input("Of a disk for AWS or Azure: which blocks of 512 KiB hold anything, and what.", z.string().exactOptional()),
        }),
      )
      .readonly(),
  ),
  segments: input(
    "The parts of the root filesystem.",
    z
      .array(
        z.object({
          name: input("The part's name.", z.string()),
          size: input("What it adds, packed, in bytes.", z.int()),
          unpacked: input("The memory that it takes once it is unpacked, in bytes, where known.", z.int().exactOptional()),
        }),
      )
      .readonly(),
  ),
  pcrs: input(
    "For formats of one EFI program: registers 4, 9 and 11 of the TPM of a machine that started it, sha256, with Secure Boot on when it is signed.",
    (z.record(z.string(), z.string()) as unknown as z.ZodType<Pcrs>).exactOptional(),
  ),
  pushed: input("Where it was published: registry/repository@sha256:…, which artifact takes.", z.string().exactOptional()),
  lock: input("The resolved version or digest of every package and tag; the next update builds from it.", z.custom<Lock>()),
});

export type ImageBuildOutputs = Readonly<z.output<typeof imageBuildOutputs>>;
