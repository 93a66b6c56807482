import { parseArgs } from "node:util";
import { withoutSecrets } from "../definition/metadata.ts";
import { masked, UNKNOWN } from "../core/deferred.ts";
import type { Image } from "../definition/image.ts";
import { knownDefinition } from "../definition/known-definition.ts";
import { page } from "../review/page/page.ts";
import { type Command, onlyOne, UsageError } from "./command.ts";
import { pictured } from "./compare.ts";
import { heldBuild, initrdOf } from "./held-build.ts";
import { loadImage } from "./load-image.ts";
import { BOOT_HELP, readBoots } from "./read-boots.ts";
import { oneOf } from "./rendered.ts";
import { readBuild } from "./reviewed-build.ts";

const OPTIONS = `  --image NAME      the export to take                         [the only one]`;

/** The forms in which a definition is printed. */
const DESCRIPTIONS = ["json", "html"] as const;

export const describe: Command = {
  help: `FILE is as for \`build\`, or - for LinuxKit YAML on standard input. Prints the definition as JSON, with every
default, and without the values of secrets. What only a Pulumi program knows is shown as "(not known)". As HTML it
is a page: who may talk to whom, the capabilities of each service, what the OS holds by size, and how it boots.

${OPTIONS}
  --format FORMAT   ${DESCRIPTIONS.join(", ")}                                 [json]
  --build FILE      html: the sizes and versions of a build: what \`build --json\` printed
${BOOT_HELP}`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        image: { type: "string" },
        format: { type: "string", default: "json" },
        build: { type: "string" },
        boot: { type: "string", multiple: true, default: [] },
      },
    });
    const file = onlyOne(positionals, "files");
    const format = oneOf(values.format, DESCRIPTIONS, "--format");
    const boots = await readBoots(values.boot, format);
    const { spec } = await loadImage(file, values.image);
    if (format === "json") {
      if (values.build !== undefined) throw new UsageError("--build: got --format json, wanted html, which alone shows sizes");
      return terminal.print(
        JSON.stringify(masked(withoutSecrets(spec)), (_, value: unknown) => (value === UNKNOWN ? "(not known)" : value), 2),
      );
    }
    const build = values.build === undefined ? undefined : await readBuild(values.build);
    const now = pictured({ definition: knownDefinition(spec), lock: build?.lock });
    const held = build && (await heldBuild(build, await initrdOf(build, terminal)));
    terminal.print(page({ title: file, now: { ...now, held: held ?? now.held }, boots }).trimEnd());
  },
};

export const validate: Command = {
  help: `FILE is as for \`build\`, or - for LinuxKit YAML on standard input. Checks the definition as a build does before it
fetches anything, and prints nothing where it is right.

${OPTIONS}`,

  async run(args) {
    knownDefinition((await imageOf(args)).spec);
  },
};

async function imageOf(args: readonly string[]): Promise<Image> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { image: { type: "string" } } });
  return loadImage(onlyOne(positionals, "files"), values.image);
}
