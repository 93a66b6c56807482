import { elfSection } from "./elf.ts";

/** What a kernel module says of itself, in its section `.modinfo`. Names have `_` where files may have `-`. */
export interface ModuleInfo {
  readonly name: string;
  /** Modules whose symbols it uses. */
  readonly depends: readonly string[];
  /** Modules or aliases that should be there before it, and after it. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Patterns of devices that it drives (`pci:v…`), and other names by which it is asked for. */
  readonly aliases: readonly string[];
}

/** A module's name as the kernel has it: `virtio-rng` is `virtio_rng`. */
export function moduleName(name: string): string {
  return name.replace(/\.ko$/, "").replaceAll("-", "_");
}

/**
 * Reads what a module's file says of it.
 *
 * @param file its file name, for a module that does not name itself
 * @throws CORRUPT for a broken ELF file
 */
export function readModuleInfo(elf: Buffer, file: string): ModuleInfo {
  const fields = modinfoFields(elfSection(elf, ".modinfo", file) ?? Buffer.alloc(0));
  const of = (key: string): string[] => fields.filter(([name]) => name === key).map(([, value]) => value);
  const softdeps = of("softdep").map((line) => line.split(/\s+/));
  return {
    name: moduleName(of("name")[0] ?? file),
    depends: of("depends").flatMap((list) =>
      list
        .split(",")
        .filter((name) => name !== "")
        .map(moduleName),
    ),
    before: softdeps.flatMap((words) => wordsAfter(words, "pre:")),
    after: softdeps.flatMap((words) => wordsAfter(words, "post:")),
    aliases: of("alias"),
  };
}

/** The fields of a `.modinfo` section, or of `modules.builtin.modinfo`: `name=value`, each ended by a NUL. */
export function modinfoFields(section: Buffer): [name: string, value: string][] {
  return section
    .toString("utf8")
    .split("\0")
    .flatMap((field): [string, string][] => {
      const equals = field.indexOf("=");
      return equals > 0 ? [[field.slice(0, equals), field.slice(equals + 1)]] : [];
    });
}

// "pre: a b post: c": the words of one kind, up to the next
function wordsAfter(words: readonly string[], kind: string): string[] {
  const found: string[] = [];
  let current = "";
  for (const word of words) {
    if (word.endsWith(":")) current = word;
    else if (current === kind && word !== "") found.push(word);
  }
  return found;
}
