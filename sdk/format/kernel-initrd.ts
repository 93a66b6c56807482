import { type Entry, fileEntry } from "../archive/entry.ts";
import { writeTar } from "../archive/write-tar.ts";
import type { Content, FormatFile, FormatWriter, Parts } from "./parts.ts";

/** `kernel+initrd`: separate files for QEMU, kexec and boot loaders, named as in LinuxKit. */
export const kernelInitrd: FormatWriter = {
  needs: "initrd",
  suffixes: ["-initrd.img"],
  files: kernelFiles,
};

/** `tar-kernel-initrd`: the same files in one tar archive, with the microcode as another member, as in LinuxKit. */
export const tarKernelInitrd: FormatWriter = {
  needs: "initrd",
  suffixes: ["-initrd.tar"],
  files: ({ microcode, segments, ...parts }) => {
    const members = contents({ ...parts, ...(segments && { initrd: segments }) }).map(({ role, content }) =>
      tarMember(role === "initrd" ? "initrd.img" : role, content),
    );
    return [
      {
        role: "image",
        suffix: "-initrd.tar",
        open: () => writeTar([...members, ...(microcode ? [tarMember("ucode.cpio", microcode)] : [])]),
      },
    ];
  },
};

/** Kernel, initrd and command line as separate files; parts that are absent or empty give no file. */
export function kernelFiles(parts: Parts): FormatFile[] {
  return contents(parts).map(({ role, content }) => ({
    role,
    suffix: role === "initrd" ? "-initrd.img" : `-${role}`,
    size: content.size,
    open: () => content.open("reused"),
  }));
}

function contents({
  kernel,
  initrd,
  cmdline,
}: Pick<Parts, "kernel" | "initrd" | "cmdline">): { role: "kernel" | "initrd" | "cmdline"; content: Content }[] {
  return [
    ...(kernel ? [{ role: "kernel" as const, content: kernel }] : []),
    ...(initrd ? [{ role: "initrd" as const, content: initrd }] : []),
    ...(cmdline ? [{ role: "cmdline" as const, content: textContent(cmdline) }] : []),
  ];
}

function tarMember(path: string, content: Content): Entry {
  return { ...fileEntry(path, ""), size: content.size, body: content.open() };
}

/** Text as content; no newline is added. */
export function textContent(text: string): Content {
  const bytes = Buffer.from(text);
  return { size: bytes.length, open: () => [bytes] };
}
