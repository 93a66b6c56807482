import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { pull as pullOs } from "../builder/pull.ts";
import { ARCHES } from "../core/arch.ts";
import { parsePinned } from "../share/repository-name.ts";
import { type Command, onlyOne } from "./command.ts";
import { archOption } from "./load-image.ts";
import { showArtifact } from "./show-artifact.ts";
import { showProgress } from "./terminal.ts";
import { readText } from "./text-file.ts";

export const pull: Command = {
  help: `REFERENCE is registry/repository@sha256:…, as \`build --push\` prints it. Nothing is built. The
size and sha256 of each file are checked, and the signature if a key is given. Uses the logins
of \`docker login\`.

  --out DIR         the folder to write to                     [.]
  --name NAME       the base name of the files                 [the name it was pushed with]
  --arch ARCH       ${ARCHES.join(", ")}                       [amd64]
  --verify-key FILE a public key (PEM) that must have signed it; repeatable: one must match
  --json            print the artifact as JSON`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        out: { type: "string", default: "." },
        name: { type: "string" },
        arch: { type: "string", default: "amd64" },
        "verify-key": { type: "string", multiple: true },
        json: { type: "boolean", default: false },
      },
    });
    const reference = onlyOne(positionals, "references");
    const arch = archOption(values.arch);
    const files = values["verify-key"];
    const verify = files && { [placeOf(reference)]: await Promise.all(files.map(readText)) };
    const artifact = await pullOs(reference, {
      outputDir: resolve(values.out),
      name: values.name,
      arch,
      verify,
      onProgress: showProgress(terminal),
      signal: terminal.signal,
    });
    showArtifact(artifact, values, terminal);
  },
};

/** The repository that a rule for signatures applies to. */
function placeOf(reference: string): string {
  const { registry, repository } = parsePinned(reference, "REFERENCE");
  return `${registry}/${repository}`;
}
