import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build as buildImage } from "../build/build.ts";
import { ARCHES, type Arch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { Image } from "../definition/image.ts";
import type { SecureBootKey } from "../disk/signer.ts";
import type { FormatName } from "../format/formats.ts";
import { type Command, UsageError } from "./command.ts";
import { showProgress } from "./terminal.ts";

export const build: Command = {
  usage: "build FILE [options]",
  summary: "Build the OS that FILE defines, without Pulumi",
  help: `FILE is LinuxKit YAML (.yml, .yaml), or a module (.ts, .js) that exports an Image as
\`default\` or under any name; \`--image NAME\` chooses among several.

  --image NAME      the export to build                        [the only one]
  --format FORMAT   may be given several times                 [kernel+initrd]
  --out DIR         the folder to write to                     [.]
  --name NAME       the files' base name                       [FILE's own]
  --arch ARCH       ${ARCHES.join(", ")}                       [amd64]
  --mirror URL      Debian's mirror                            [the host's apt sources]
  --secure-boot-key FILE, --secure-boot-certificate FILE
                    sign the EFI programs by this RSA key; both are PEM
  --secure-boot-passphrase FILE
                    whose first line decrypts the key
  --json            print the artifact as JSON`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        image: { type: "string" },
        format: { type: "string", multiple: true, default: ["kernel+initrd"] },
        out: { type: "string", default: "." },
        name: { type: "string" },
        arch: { type: "string", default: "amd64" },
        mirror: { type: "string" },
        "secure-boot-key": { type: "string" },
        "secure-boot-certificate": { type: "string" },
        "secure-boot-passphrase": { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const [file, ...more] = positionals;
    if (!file || more.length > 0) throw new UsageError(`got ${positionals.length} files, wanted one`);
    if (!isArch(values.arch)) throw new UsageError(`no architecture "${values.arch}"; there are ${ARCHES.join(", ")}`);
    const artifact = await buildImage(await loadImage(file, values.image), {
      formats: values.format as FormatName[],
      outputDir: resolve(values.out),
      name: values.name ?? basename(file).replace(/\.\w+$/, ""),
      arch: values.arch,
      debianMirror: values.mirror,
      secureBoot: await readSecureBoot(values),
      onProgress: showProgress(terminal),
      signal: terminal.signal,
    });
    if (values.json) return terminal.print(JSON.stringify(artifact, null, 2));
    for (const { path, size, sha256 } of artifact.files) terminal.print(`${sha256}  ${String(size).padStart(12)}  ${path}`);
  },
};

async function readSecureBoot(values: Readonly<Record<string, unknown>>): Promise<SecureBootKey | undefined> {
  const [key, certificate, passphrase] = ["key", "certificate", "passphrase"].map((name) => values[`secure-boot-${name}`] as string | undefined);
  if (key === undefined && certificate === undefined && passphrase === undefined) return undefined;
  if (key === undefined || certificate === undefined) throw new UsageError(`there is no --secure-boot-${key === undefined ? "key" : "certificate"}, wanted both key and certificate`);
  const read = (file: string): Promise<string> =>
    readFile(file, "utf8").catch((cause: Error) => {
      throw new LinuxKitError("NOT_FOUND", `cannot read ${resolve(file)}: ${cause.message}`, { what: file }, { cause });
    });
  const [line] = passphrase === undefined ? [] : (await read(passphrase)).split(/\r?\n/);
  return { key: await read(key), certificate: await read(certificate), ...(line !== undefined && { passphrase: line }) };
}

function isArch(text: string): text is Arch {
  return (ARCHES as readonly string[]).includes(text);
}

async function loadImage(file: string, name: string | undefined): Promise<Image> {
  if (!existsSync(file)) throw new LinuxKitError("NOT_FOUND", `there is no file ${resolve(file)}`, { what: file });
  if (/\.ya?ml$/.test(file)) return Image.fromYaml(await readFile(file, "utf8"));
  const exported: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href);
  const images = Object.entries(exported).filter((entry): entry is [string, Image] => entry[1] instanceof Image);
  const chosen = name === undefined && images.length === 1 ? images[0] : images.find(([key]) => key === (name ?? "default"));
  if (chosen) return chosen[1];
  const found = images.map(([key]) => key).join(", ");
  if (found === "") throw new UsageError(`${file} exports no Image: write \`export const os = new Image({ … })\``);
  throw new UsageError(name === undefined ? `${file} exports several images: choose one with --image, of ${found}` : `${file} exports no Image "${name}"; it has ${found}`);
}
