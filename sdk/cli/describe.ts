import { parseArgs } from "node:util";
import { deferredIn } from "../definition/normalise.ts";
import { withoutSecrets } from "../definition/metadata.ts";
import { masked, UNKNOWN } from "../core/deferred.ts";
import { formatPath } from "../core/property-path.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { Definition } from "../definition/definition.ts";
import type { Image } from "../definition/image.ts";
import { type Command, onlyOne } from "./command.ts";
import { loadImage } from "./load-image.ts";

const OPTIONS = `  --image NAME      the export to take                         [the only one]`;

export const describe: Command = {
  help: `FILE is as for \`build\`, or - for LinuxKit YAML on standard input. Prints the definition as JSON, with every
default, and without the values of secrets. What only a Pulumi program knows is shown as "(not known)".

${OPTIONS}`,

  async run(args, terminal) {
    const { spec } = await imageOf(args);
    terminal.print(JSON.stringify(masked(withoutSecrets(spec)), (_, value: unknown) => (value === UNKNOWN ? "(not known)" : value), 2));
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

/** The same definition. @throws INVALID_DEFINITION where only a Pulumi program knows a value of it */
export function knownDefinition(spec: Definition): Definition {
  const unknown = deferredIn(spec);
  if (!unknown) return spec;
  const path = formatPath(unknown);
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${path}: got a value that is not known yet, wanted plain data: Outputs work only in a Pulumi program`,
    { path },
  );
}

async function imageOf(args: readonly string[]): Promise<Image> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { image: { type: "string" } } });
  return loadImage(onlyOne(positionals, "files"), values.image);
}
