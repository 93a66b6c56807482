import { checkWhole, refused, whenKnown } from "../../sdk/machine/check-arguments.ts";
import type { InstanceShape } from "./instance-arguments.ts";
import { checkName } from "./image-checks.ts";
import { archOf } from "./image-arch.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";
import type { MachineSource } from "./machine-source.ts";
import { seriesOf } from "./series.ts";

/** Source: Compute Engine, "About VM metadata", limits. */
const USER_DATA_LIMIT = 256 << 10;

/** Source: Compute Engine, "Add network tags". */
const TAG = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const TAGS_LIMIT = 64;

/** Checks what Google Cloud would refuse only after the image has been uploaded. @throws INVALID_DEFINITION */
export function checkInstance(name: string, args: MachineSource & InstanceShape): void {
  checkName(name);
  const { userData, networkTags, serviceAccount, bootDisk } = args;
  if (userData !== undefined)
    whenKnown([userData], (text) => {
      const bytes = Buffer.byteLength(text);
      if (bytes > USER_DATA_LIMIT) throw refused(name, "userData", `${bytes} bytes`, `at most ${USER_DATA_LIMIT}`);
    });
  if (networkTags !== undefined)
    whenKnown([networkTags], (tags) => {
      if (tags.length > TAGS_LIMIT) throw refused(name, "networkTags", `${tags.length} tags`, `at most ${TAGS_LIMIT}`);
      for (const [index, tag] of tags.entries())
        if (!TAG.test(tag))
          throw refused(name, `networkTags[${index}]`, JSON.stringify(tag), "at most 63 lower-case letters, digits or -, a letter first");
    });
  if (serviceAccount !== undefined)
    whenKnown([serviceAccount], (email) => {
      if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw refused(name, "serviceAccount", JSON.stringify(email), "an e-mail address");
    });
  if (bootDisk?.sizeGiB !== undefined) whenKnown([bootDisk.sizeGiB], (size) => checkWhole(name, "bootDisk.sizeGiB", size, { least: 10 }));
  checkArch(name, args);
  checkShielded(name, args);
}

function checkArch(name: string, { instanceType, machineImage, ...source }: MachineSource & InstanceShape): void {
  const arch = machineImage?.arch ?? archOf(source) ?? source.build?.arch;
  if (arch === undefined) return;
  whenKnown([instanceType, arch], (type, arch) => {
    const series = seriesOf(type);
    if (series && series.arch !== arch)
      throw refused(name, "instanceType", `${type}, which is of ${series.arch}`, `a type of ${arch}, the image's architecture`);
  });
}

/** Source: Compute Engine, "Modify Shielded VM options on a VM instance": integrity monitoring needs the TPM. */
function checkShielded(
  name: string,
  { shielded = {}, image, secureBootKeys, transform }: MachineSource & InstanceShape & { transform?: MachineImageArgs["transform"] },
): void {
  whenKnown([shielded.tpm ?? true, shielded.integrityMonitoring ?? false], (tpm, monitors) => {
    if (!tpm && monitors) throw refused(name, "shielded.integrityMonitoring", "true without a TPM", "shielded.tpm: true too");
  });
  if (image === undefined || secureBootKeys !== undefined || transform?.build !== undefined) return;
  whenKnown([shielded.secureBoot ?? false], (secure) => {
    if (secure)
      throw refused(
        name,
        "shielded.secureBoot",
        "true for a build that is not signed, which would never start",
        "secureBootKeys, and a build with secureBoot",
      );
  });
}
