import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build as buildImage } from "../builder/build.ts";
import type { PushOption } from "../builder/publish.ts";
import { ARCHES } from "../core/arch.ts";
import { writeFileWhole } from "../core/write-file.ts";
import type { SecureBootKey } from "../disk/signer.ts";
import type { FormatName } from "../format/formats.ts";
import type { SbomOption } from "../builder/with-sbom.ts";
import { type Command, onlyOne, UsageError } from "./command.ts";
import { archOption, loadImage } from "./load-image.ts";
import { showArtifact } from "./show-artifact.ts";
import { SOURCE_HELP, SOURCE_OPTIONS, sourceOptions } from "./source-options.ts";
import { showProgress } from "./terminal.ts";
import { readPassphrase, readText, STANDARD_INPUT } from "./text-file.ts";

export const build: Command = {
  help: `FILE is LinuxKit YAML (.yml, .yaml, or - for standard input), or a module (.ts, .js) that exports an Image, as
\`default\` or under any name. If it exports several, choose one with \`--image NAME\`.

  --image NAME      the export to build                        [the only one]
  --format FORMAT   what to make; repeatable                   [kernel+initrd]
  --out DIR         the folder to write to                     [.]
  --name NAME       the base name of the files                 [FILE's base name]
  --arch ARCH       ${ARCHES.join(", ")}                       [amd64]
${SOURCE_HELP}
  --write-lock FILE write the versions of this build there; may be the same file
  --update          look for newer versions than those of --lock
  --disk-mib N      MiB that each disk has at least
  --no-sbom         write no SPDX document                     [one beside the files]
  --sbom-path PATH  the SPDX document lies in the OS too
  --cyclonedx       write a CycloneDX document too             [SPDX only]
  --cache DIR       the folder of the cache
  --folder DIR      the folder of relative files and layouts   [.]
  --secure-boot-key FILE, --secure-boot-certificate FILE
                    sign the EFI programs with this RSA key; both files are PEM
  --secure-boot-passphrase FILE
                    the passphrase of that key, in the file's first line
  --push REF        publish the OS as an OCI artifact: registry/repository:tag
  --sign-key FILE   sign what is pushed, as cosign does: a private key (PKCS #8, PEM)
  --sign-passphrase FILE
                    the passphrase of that key, in the file's first line
  --cache-from REPOSITORY
                    reuse pieces that other builds have stored here; repeatable
  --cache-to REPOSITORY
                    store the pieces that this build makes here
  --cache-sign-key FILE
                    sign the stored pieces, and reuse only pieces signed with this key
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
        ...SOURCE_OPTIONS,
        "secure-boot-key": { type: "string" },
        "secure-boot-certificate": { type: "string" },
        "secure-boot-passphrase": { type: "string" },
        "write-lock": { type: "string" },
        update: { type: "boolean", default: false },
        "disk-mib": { type: "string" },
        "no-sbom": { type: "boolean", default: false },
        "sbom-path": { type: "string" },
        cyclonedx: { type: "boolean", default: false },
        cache: { type: "string" },
        folder: { type: "string" },
        push: { type: "string" },
        "sign-key": { type: "string" },
        "sign-passphrase": { type: "string" },
        "cache-from": { type: "string", multiple: true },
        "cache-to": { type: "string" },
        "cache-sign-key": { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const file = onlyOne(positionals, "files");
    const arch = archOption(values.arch);
    const artifact = await buildImage(await loadImage(file, values.image), {
      formats: values.format as FormatName[],
      outputDir: resolve(values.out),
      name: values.name ?? (file === STANDARD_INPUT ? "linuxkit" : basename(file).replace(/\.\w+$/, "")),
      arch,
      ...(await sourceOptions(values)),
      update: values.update ? "always" : "locked",
      diskMiB: values["disk-mib"] === undefined ? undefined : mebibytes(values["disk-mib"]),
      sbom: sbomOption(values),
      cacheDir: values.cache,
      folder: values.folder,
      secureBoot: await readSecureBoot(values),
      push: await readPush(values),
      cache: {
        from: values["cache-from"],
        to: values["cache-to"],
        ...(values["cache-sign-key"] !== undefined && { sign: await readText(values["cache-sign-key"]) }),
      },
      onProgress: showProgress(terminal),
      signal: terminal.signal,
    });
    if (values["write-lock"] !== undefined)
      await writeFileWhole(resolve(values["write-lock"]), [Buffer.from(`${JSON.stringify(artifact.lock, null, 2)}\n`)], {
        signal: terminal.signal,
      });
    showArtifact(artifact, values, terminal);
  },
};

function sbomOption(values: {
  readonly "no-sbom": boolean;
  readonly "sbom-path"?: string | undefined;
  readonly cyclonedx: boolean;
}): SbomOption {
  const { "no-sbom": none, "sbom-path": path, cyclonedx } = values;
  if (none && (path !== undefined || cyclonedx))
    throw new UsageError(`--no-sbom and ${cyclonedx ? "--cyclonedx" : "--sbom-path"}: got both, wanted one of them`);
  return path === undefined && !cyclonedx ? !none : { ...(path !== undefined && { path }), cyclonedx };
}

function mebibytes(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--disk-mib: got "${text}", wanted a whole number of MiB, such as 512`);
  return Number(text);
}

async function readSecureBoot(values: Readonly<Record<string, unknown>>): Promise<SecureBootKey | undefined> {
  const [key, certificate, passphrase] = ["key", "certificate", "passphrase"].map(
    (name) => values[`secure-boot-${name}`] as string | undefined,
  );
  if (key === undefined && certificate === undefined && passphrase === undefined) return undefined;
  if (key === undefined || certificate === undefined)
    throw new UsageError(
      `--secure-boot-${key === undefined ? "key" : "certificate"} is missing: Secure Boot needs both --secure-boot-key and --secure-boot-certificate`,
    );
  return { key: await readText(key), certificate: await readText(certificate), ...(await readPassphrase(passphrase)) };
}

async function readPush(values: Readonly<Record<string, unknown>>): Promise<PushOption | undefined> {
  const [to, key, passphrase] = ["push", "sign-key", "sign-passphrase"].map((name) => values[name] as string | undefined);
  if (to === undefined && (key !== undefined || passphrase !== undefined))
    throw new UsageError(
      "--push is missing: --sign-key and --sign-passphrase sign what is pushed; to sign for Secure Boot use --secure-boot-key",
    );
  if (to === undefined) return undefined;
  if (key === undefined && passphrase !== undefined) throw new UsageError("--sign-key is missing: --sign-passphrase decrypts it");
  return { to, ...(key !== undefined && { sign: { key: await readText(key), ...(await readPassphrase(passphrase)) } }) };
}
