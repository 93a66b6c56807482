import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeFileWhole } from "../core/write-file.ts";
import { Image } from "../definition/image.ts";
import { type Command, UsageError } from "./command.ts";
import { programOf } from "./program.ts";
import { readText, STANDARD_INPUT } from "./text-file.ts";
import { yamlComments } from "./yaml-comments.ts";

export const importYaml: Command = {
  help: `FILE is LinuxKit YAML, or - for standard input. The module exports an Image that builds the same OS, byte for byte. Several files are merged
as LinuxKit merges them: lists are appended, and later kernel fields override earlier ones. Comments stay, above what they stand at.

  --out FILE        the file to write                          [standard output]
  --name NAME       the name of the constant and the resource  [os]
  --resource        also declare an ImageBuild, which only runs under Pulumi`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { out: { type: "string" }, name: { type: "string", default: "os" }, resource: { type: "boolean", default: false } },
    });
    if (positionals.length === 0) throw new UsageError("got no file, wanted one or more LinuxKit YAML files");
    if (!/^[A-Za-z_$][\w$]*$/.test(values.name))
      throw new UsageError(`--name: got ${JSON.stringify(values.name)}, wanted a JavaScript identifier, such as os`);
    const texts = await Promise.all(positionals.map(readText));
    const image = Image.fromYaml(texts, { sources: positionals.map((file) => (file === STANDARD_INPUT ? "standard input" : file)) });
    const program = programOf(image.spec, {
      name: values.name,
      source: positionals.map((file) => (file === STANDARD_INPUT ? "standard input" : basename(file))).join(" and "),
      resource: values.resource,
      comments: yamlComments(texts),
    });
    if (values.out === undefined) terminal.print(program.trimEnd());
    else await writeFileWhole(resolve(values.out), [Buffer.from(program)], { signal: terminal.signal });
  },
};
