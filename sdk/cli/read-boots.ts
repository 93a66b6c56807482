import { LinuxKitError } from "../core/errors.ts";
import { readBoot } from "../guest/recorded-boot.ts";
import type { NamedBoot } from "../review/page/boot.ts";
import { UsageError } from "./command.ts";
import { readText } from "./text-file.ts";

/** The option of a page's boots, as `--help` shows it. */
export const BOOT_HELP = `  --boot FILE       html: the timeline of a boot that was recorded: what \`logs\` or \`events --json\`
                    printed; give it twice to see two boots side by side`;

/** The boots that `--boot` names. @throws NOT_FOUND, INVALID_DEFINITION for a file without a boot, UsageError */
export async function readBoots(files: readonly string[], format: string): Promise<readonly NamedBoot[]> {
  if (files.length > 0 && format !== "html") throw new UsageError(`--boot: got --format ${format}, wanted html, which alone shows boots`);
  if (files.length > 2) throw new UsageError(`--boot: got ${files.length} files, wanted at most two`);
  return Promise.all(
    files.map(async (file) => {
      const boot = readBoot(await readText(file));
      if (boot) return { ...boot, name: file };
      throw new LinuxKitError("INVALID_DEFINITION", `${file}: got no report of a boot, wanted what \`logs\` or \`events --json\` printed`, {
        path: file,
      });
    }),
  );
}
