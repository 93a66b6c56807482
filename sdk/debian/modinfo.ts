import { elfSection } from "./elf.ts";

/** The fields of a kernel module's section `.modinfo`. Names have `_` where file names may have `-`. */
export interface ModuleInfo {
  readonly name: string;
  /** The modules whose symbols it uses. */
  readonly depends: readonly string[];
  /** Modules or aliases to load before it (soft dependencies). */
  readonly before: readonly string[];
  /** Modules or aliases to load after it (soft dependencies). */
  readonly after: readonly string[];
  /** Patterns of the devices that it drives (`pci:v…`), and its other names. */
  readonly aliases: readonly string[];
}

/** The kernel's name of a module: `virtio-rng` becomes `virtio_rng`. */
export function moduleName(name: string): string {
  return name.replace(/\.ko$/, "").replaceAll("-", "_");
}

/**
 * Reads the `.modinfo` section of a module.
 *
 * @param file its file name, for a module without a name field
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

/** The fields of a `.modinfo` section or of `modules.builtin.modinfo`: `name=value`, each terminated by a NUL. */
export function modinfoFields(section: Buffer): [name: string, value: string][] {
  return section
    .toString("utf8")
    .split("\0")
    .flatMap((field): [string, string][] => {
      const equals = field.indexOf("=");
      return equals > 0 ? [[field.slice(0, equals), field.slice(equals + 1)]] : [];
    });
}

// "pre: a b post: c": the words after one keyword, up to the next keyword
function wordsAfter(words: readonly string[], kind: string): string[] {
  const found: string[] = [];
  let current = "";
  for (const word of words) {
    if (word.endsWith(":")) current = word;
    else if (current === kind && word !== "") found.push(word);
  }
  return found;
}
