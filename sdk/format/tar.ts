import { directoryEntry, type Entry, fileEntry } from "../archive/entry.ts";
import { writeTar } from "../archive/write-tar.ts";
import { textContent } from "./kernel-initrd.ts";
import type { Content, FormatWriter, Parts } from "./parts.ts";

/** `tar`: the root filesystem, with the kernel and its command line under `boot`. */
export const tar: FormatWriter = {
  needs: "tree",
  files: (parts) => [{ role: "image", suffix: ".tar", open: () => writeTar(withBoot(parts)) }],
};

async function* withBoot({ tree, kernel, cmdline }: Parts): AsyncGenerator<Entry> {
  let hasBoot = false;
  for await (const entry of tree?.() ?? []) {
    if (entry.path === "boot") hasBoot = true;
    // these two are the plan's own; an image's kernel is not the one that runs
    if (kernel && (entry.path === "boot/kernel" || entry.path === "boot/cmdline")) continue;
    yield entry;
  }
  if (!kernel) return;
  if (!hasBoot) yield directoryEntry("boot");
  yield bootFile("boot/kernel", kernel);
  yield bootFile("boot/cmdline", textContent(cmdline));
}

function bootFile(path: string, content: Content): Entry {
  return { ...fileEntry(path, ""), size: content.size, body: content.open() };
}
