import { parseArgs } from "node:util";
import { vulnerabilityLines } from "../advisory/report.ts";
import type { AdvisoryWaiver } from "../advisory/waiver.ts";
import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { labelsOf } from "../builder/image-labels.ts";
import { kernelConfigOf } from "../builder/kernel-config.ts";
import { ARCHES } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { hardeningReport } from "../hardening/report.ts";
import { PROFILES } from "../hardening/setting.ts";
import { audit as auditImage } from "../policy/audit.ts";
import { auditLines, hardeningLines, scoreLine } from "../policy/text.ts";
import type { Waiver } from "../policy/waiver.ts";
import { auditVulnerabilities } from "./audit-vulnerabilities.ts";
import { type Command, onlyOne } from "./command.ts";
import { archOption, loadImage } from "./load-image.ts";
import { readKeys } from "./pairs.ts";
import { showProgress } from "./terminal.ts";
import { readText } from "./text-file.ts";

export const audit: Command = {
  help: `FILE is as for \`build\`. Prints the findings for each section of NIST SP 800-190, the state of
every setting that the Kernel Self Protection Project (KSPP) recommends, and the KSPP score
of both hardening profiles. The exit code is 1 if a finding is mandatory, as a known fault
is that a newer version mends.

  --image NAME      the export to audit                        [the only one]
  --arch ARCH       ${ARCHES.join(", ")}                       [amd64]
  --registry NAME   a registry to allow images from; repeatable  [any]
  --verify NAME=FILE  a public key (PEM) for a registry or repository; repeatable
  --waive FILE      JSON: a list of { rule, path, reason, until: "2027-03-31" }, and of
                    { advisory, package, reason, until } for known faults
  --vulnerabilities FILE
                    advisories to match: OSV, or the JSON of Debian's security
                    tracker; repeatable
  --sbom FILE, --lock FILE
                    what is installed: a build's SPDX or CycloneDX document, or its lock
  --kernel-config FILE  the kernel's configuration, for a kernel that is not Debian's
  --mirror URL      the Debian mirror                          [the host's apt sources]
  --json            print the audit as JSON`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        image: { type: "string" },
        arch: { type: "string", default: "amd64" },
        registry: { type: "string", multiple: true },
        verify: { type: "string", multiple: true, default: [] },
        waive: { type: "string" },
        vulnerabilities: { type: "string", multiple: true, default: [] },
        sbom: { type: "string" },
        lock: { type: "string" },
        "kernel-config": { type: "string" },
        mirror: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const file = onlyOne(positionals, "files");
    const arch = archOption(values.arch);
    const image = await loadImage(file, values.image);
    const cacheDir = defaultCacheDir();
    const around = {
      arch,
      cacheDir,
      store: new BlobStore(cacheDir),
      debianMirror: values.mirror,
      onProgress: showProgress(terminal),
      signal: terminal.signal,
    };
    const kernelConfig =
      values["kernel-config"] === undefined ? await kernelConfigOf(image.spec, around) : await readText(values["kernel-config"]);
    const given = values.waive === undefined ? [] : parseWaivers(await readText(values.waive), values.waive);
    const [ofRules, ofAdvisories] = [given.filter((one) => !isOfAdvisory(one)), given.filter(isOfAdvisory)];
    const known = await auditVulnerabilities(values, ofAdvisories);
    const result = auditImage(image, {
      arch,
      registries: values.registry,
      verify: await readKeys(values.verify),
      waive: ofRules as readonly Waiver[],
      kernelConfig,
      labels: await labelsOf(image.spec, around),
      debianMirror: values.mirror,
    });
    const { kernel, harden } = image.spec;
    const profiles = PROFILES.map((profile) =>
      hardeningReport({ arch, cmdline: kernel?.cmdline ?? "", harden: { profile, waive: harden?.waive ?? {} }, config: kernelConfig }),
    );

    if (values.json) terminal.print(JSON.stringify(known ? { ...result, vulnerabilities: known } : result, null, 2));
    else {
      const lines = known ? [...vulnerabilityLines(known), ""] : [];
      for (const line of [...auditLines(result), "", ...lines, ...hardeningLines(result.hardening), ...profiles.map(scoreLine)])
        terminal.print(line);
    }
    const findings = [...result.findings, ...(known?.findings ?? [])];
    const mandatory = findings.filter(({ level }) => level === "mandatory").length;
    if (mandatory > 0)
      throw new LinuxKitError("POLICY_VIOLATED", `${mandatory} mandatory finding${mandatory === 1 ? "" : "s"} in ${file}`, {
        findings: mandatory,
      });
  },
};

function isOfAdvisory(waiver: Waiver | AdvisoryWaiver): waiver is AdvisoryWaiver {
  return "advisory" in waiver;
}

function parseWaivers(text: string, file: string): readonly (Waiver | AdvisoryWaiver)[] {
  const wrong = (why: string, cause?: unknown): LinuxKitError =>
    new LinuxKitError(
      "INVALID_DEFINITION",
      `${file}: ${why}, wanted a JSON list of { rule, path, reason, until }`,
      { path: file },
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong("not JSON", error);
  }
  if (!Array.isArray(value) || !value.every((one) => typeof one === "object" && one !== null)) throw wrong("not a list of waivers");
  return value as (Waiver | AdvisoryWaiver)[];
}
