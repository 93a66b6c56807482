import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";
import { zeroes } from "../core/zero.ts";
import { readExtent } from "./extent.ts";
import { extendPe, parsePe, PE_HEAD_BYTES } from "./pe.ts";

/** Content whose size is known before it is read. */
export interface Sized {
  /** Bytes. */
  readonly size: number;
  readonly body: Bytes;
}

export interface UkiOptions {
  /** systemd-boot's stub, `linuxx64.efi.stub` or `linuxaa64.efi.stub`. */
  readonly stub: Uint8Array;
  readonly kernel: Sized;
  readonly initrd: Sized;
  /** Printable ASCII, at most 2047 bytes. */
  readonly cmdline: string;
  /** Text of an os-release file, for boot menus. @default NAME and ID of LinuxKit */
  readonly osRelease?: string;
  /** Kernel and initrd begin in the file at a multiple of this many bytes. @default 512 */
  readonly align?: number;
}

/** Most bytes of a command line: the kernel's COMMAND_LINE_SIZE on architectures with EFI, without the NUL. */
export const CMDLINE_LIMIT = 2047;
const OS_RELEASE = 'ID=linuxkit\nNAME="LinuxKit"\nPRETTY_NAME="LinuxKit"\n';

/**
 * A unified kernel image (UAPI.5): one EFI program with kernel, initrd and command line as sections of systemd-boot's
 * stub. Its size is known before its body is read.
 *
 * @throws TOO_LARGE for a command line beyond 2047 bytes or an image beyond 4 GiB, INVALID_DEFINITION for a command
 * line that is not printable ASCII; the body throws CORRUPT when the kernel has no EFI stub for the loader's machine
 */
export function unifiedKernelImage(options: UkiOptions): Sized {
  checkCmdline(options.cmdline);
  const align = options.align ?? 512;
  const osRelease = Buffer.from(options.osRelease ?? OS_RELEASE);
  const cmdline = Buffer.from(options.cmdline);
  const { machine } = parsePe(options.stub, "EFI stub");
  const kernel = { size: options.kernel.size, body: checkKernel(options.kernel.body, machine) };
  const parts: (Sized & { readonly name: string; readonly align?: number })[] = [
    { name: ".osrel", size: osRelease.length, body: [osRelease] },
    { name: ".cmdline", size: cmdline.length, body: [cmdline] },
    { name: ".linux", align, ...kernel },
    // a kernel that mounts its root itself needs no initrd
    ...(options.initrd.size > 0 ? [{ name: ".initrd", align, ...options.initrd }] : []),
  ];
  const { headers, content, added, size } = extendPe(options.stub, "EFI stub", parts);
  return {
    size,
    body: {
      async *[Symbol.asyncIterator]() {
        yield headers;
        yield content;
        for (const [index, part] of parts.entries()) {
          yield* readExtent({ offset: present(added[index]).rawOffset, length: part.size, source: part.body });
          yield* zeroes(present(added[index]).rawSize - part.size);
        }
      },
    },
  };
}

/** Checks a kernel command line. @throws TOO_LARGE above 2047 bytes, INVALID_DEFINITION unless it is printable ASCII */
export function checkCmdline(cmdline: string): void {
  if (cmdline.length > CMDLINE_LIMIT) {
    throw new LinuxKitError("TOO_LARGE", `kernel command line: ${cmdline.length} bytes, the kernel takes at most ${CMDLINE_LIMIT}`, {
      what: "kernel.cmdline",
      limit: CMDLINE_LIMIT,
      got: cmdline.length,
    });
  }
  const bad = /[^ -~]/.exec(cmdline);
  if (bad)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `kernel command line: ${JSON.stringify(bad[0])} at ${bad.index}, wanted printable ASCII only`,
      { path: "kernel.cmdline" },
    );
}

/**
 * @internal Passes a kernel through and checks its headers, as it may come from any image.
 *
 * @throws CORRUPT, while it is read, when EFI cannot start it on a machine of this type
 */
export function checkKernel(body: Bytes, machine: number): Bytes {
  return {
    async *[Symbol.asyncIterator]() {
      let head: Buffer | undefined = Buffer.alloc(0);
      for await (const chunk of body) {
        if (!head) {
          yield chunk;
          continue;
        }
        head = Buffer.concat([head, chunk]);
        if (head.length < PE_HEAD_BYTES) continue;
        checkMachine(head, machine);
        yield head;
        head = undefined;
      }
      if (!head) return;
      checkMachine(head, machine);
      yield head;
    },
  };
}

function checkMachine(head: Uint8Array, machine: number): void {
  const got = parsePe(head, "kernel").machine;
  if (got !== machine)
    throw new LinuxKitError(
      "CORRUPT",
      `kernel: built for machine 0x${got.toString(16)}, its EFI stub for 0x${machine.toString(16)}: use those of one architecture`,
      { path: "kernel" },
    );
}
