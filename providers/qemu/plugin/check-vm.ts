import type { Arch } from "../../../sdk/core/arch.ts";
import { shown } from "../../../sdk/core/shown.ts";
import { collide, parsePublication, type Publication } from "../../../sdk/definition/publication.ts";
import { FIRMWARE, FIRMWARE_NAME_LIMIT } from "../../../sdk/guest/firmware.ts";
import { checkInputs, type Rule } from "../../../sdk/plugin/check-inputs.ts";
import type { Checked } from "../../../sdk/plugin/resource-type.ts";
import { isProperties, type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { hasFirmwareDevice } from "./arguments.ts";
import { hasEfi } from "./efi-firmware.ts";
import { ROOT_SERIAL, vmInputs } from "./vm-inputs.ts";

/** Checks and completes the inputs of a machine. Unknown leaves stay as they are. */
export function checkVm(given: Properties, isSecret?: (path: string) => boolean): Checked {
  return checkInputs(vmInputs, completed(given), { rules: machineRules(given), ...(isSecret && { isSecret }) });
}

/** The inputs of a machine with the defaults that depend on others. */
export function completed({ memoryMiB, secrets, ...given }: Properties): Properties {
  const { disk } = given;
  const bootsDisk = disk !== undefined && disk !== null;
  // firmware holds the image of a disk a second time
  const memory = memoryMiB ?? (bootsDisk ? (disk === UNKNOWN ? UNKNOWN : 512) : undefined);
  const isEmpty = isProperties(secrets) && Object.keys(secrets).length === 0;
  return { ...given, ...(memory !== undefined && { memoryMiB: memory }), ...(secrets !== undefined && !isEmpty && { secrets }) };
}

/** Checks across several inputs of a machine. @param given as the program wrote it, for messages */
export function machineRules(given: Properties): readonly Rule[] {
  return [boot, ports(given), outward, disks, firmware, member];
}

/** It boots a kernel with its initial ramdisk, or a disk. */
const boot: Rule = ({ arch, cmdline, disk, diskFormat, ...files }, fail) => {
  if (disk === undefined) {
    for (const name of ["kernel", "initrd"]) if (files[name] === undefined) fail([name], "missing, wanted the path of a file on this host");
    if (diskFormat !== undefined) fail(["diskFormat"], "got the format of a disk, wanted disk beside it");
    return;
  }
  // an image that is not built yet may be either
  if (disk === UNKNOWN) return;
  for (const name of ["kernel", "initrd", "root"])
    if (files[name] !== undefined) fail([name], "got a file beside disk, which is booted with all that is on it: wanted one of the two");
  if (cmdline !== "" && cmdline !== UNKNOWN)
    fail(["cmdline"], `got ${shown(cmdline)}, wanted no command line beside disk, which brings its own`);
  if (arch !== UNKNOWN && !hasEfi(arch as Arch))
    fail(["disk"], `a machine of ${shown(arch)} has no UEFI to boot it: wanted kernel and initrd`);
};

const ports =
  (given: Properties): Rule =>
  ({ publish }, fail) => {
    if (!Array.isArray(publish)) return;
    const seen: Publication[] = [];
    for (const [index, item] of publish.entries()) {
      const read = typeof item === "string" ? parsePublication(item) : undefined;
      if (!read || "problem" in read) continue;
      if (seen.some((other) => collide(read, other)))
        fail(
          ["publish", index],
          `got ${shown((given.publish as readonly unknown[])[index])}, but port ${read.hostPort} is published already, wanted each once`,
        );
      seen.push(read);
    }
  };

// libslirp drops the answers of a published UDP port with all other datagrams of a restricted guest, except DHCP (udp_input)
const outward: Rule = ({ outbound, publish }, fail) => {
  if (outbound !== false || !Array.isArray(publish)) return;
  const udp = publish.find((item) => typeof item === "string" && item.endsWith("/udp"));
  if (udp !== undefined)
    fail(["outbound"], `got false beside the published port ${shown(udp)}, which would not answer: wanted true, or TCP ports only`);
};

const disks: Rule = ({ disks: list, root, disk }, fail) => {
  if (!Array.isArray(list)) return;
  const serials = new Set<string>();
  for (const [index, one] of list.entries()) {
    const serial = isProperties(one) ? one.serial : undefined;
    if (typeof serial !== "string") continue;
    if (serial === ROOT_SERIAL && (typeof root === "string" || typeof disk === "string"))
      fail(["disks", index, "serial"], `got ${shown(serial)}, which the disk that is booted has, wanted another`);
    if (serials.has(serial)) fail(["disks", index, "serial"], `got ${shown(serial)}, which another disk has, wanted one of its own`);
    serials.add(serial);
  }
};

const firmware: Rule = ({ arch, userData, secrets, network }, fail) => {
  if (arch !== UNKNOWN && !hasFirmwareDevice(arch as Arch)) {
    for (const [name, value] of Object.entries({ userData, secrets, network }))
      if (value !== undefined)
        fail([name], `a machine of ${shown(arch)} has no firmware device to carry it: put it into the image, or leave it out`);
  }
  if (!isProperties(secrets)) return;
  for (const [service, named] of Object.entries(secrets)) {
    for (const name of isProperties(named) ? Object.keys(named) : []) {
      if (Buffer.byteLength(FIRMWARE.secret(service, name)) > FIRMWARE_NAME_LIMIT)
        fail(
          ["secrets", service, name],
          `the names of service and secret have ${service.length + name.length} bytes together, wanted at most ${FIRMWARE_NAME_LIMIT - FIRMWARE.secret("", "").length}`,
        );
    }
  }
};

const member: Rule = ({ member: place, network }, fail) => {
  if (place !== undefined && network === undefined) fail(["member"], "got a place in a cluster without network: wanted network beside it");
};
