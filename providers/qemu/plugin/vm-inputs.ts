import { join } from "node:path";
import { ARCHES, type Arch } from "../../../sdk/core/arch.ts";
import { FIRMWARE, FIRMWARE_NAME_LIMIT } from "../../../sdk/guest/firmware.ts";
import type { CheckFailure, Checked } from "../../../sdk/plugin/resource-type.ts";
import { isProperties, type Properties, UNKNOWN, type Value } from "../../../sdk/plugin/value.ts";
import { type DiskAttachment, hasFirmwareDevice } from "./arguments.ts";
import { hasEfi } from "./efi-firmware.ts";
import { collide, formatPublication, parsePublication, type Publication } from "../../../sdk/definition/publication.ts";

/** Checked inputs of `linuxkit:index:QemuVm`. */
export interface VmInputs {
  readonly arch: Arch;
  /** Paths on this host. They are not compared: `digest` says whether they are other files. */
  readonly kernel?: string;
  readonly initrd?: string;
  /** An image of the root, on a disk that cannot be written and comes after {@link disks}. @default the initrd is the root */
  readonly root?: string;
  /** An image of a whole disk, which UEFI boots: instead of kernel and initrd. It cannot be written, and comes after {@link disks}. */
  readonly disk?: string;
  /** Of {@link disk}. @default "raw" */
  readonly diskFormat?: "raw" | "qcow2";
  readonly cmdline: string;
  /** What the OS is. */
  readonly digest: string;
  /** @default 256; 512 for a machine that boots a disk, since its firmware holds the image a second time */
  readonly memoryMiB: number;
  /** @default 1 */
  readonly cpus: number;
  /** As {@link formatPublication} writes them. @default none */
  readonly publish: readonly string[];
  /** @default none */
  readonly disks: readonly DiskAttachment[];
  /** Whether a machine is only there once the guest says that all its services are healthy. @default true */
  readonly waitForHealth: boolean;
  /** Becomes `/run/config/userdata` in the guest. */
  readonly userData?: string;
  /** By service, then by name: files of the service's own under `/run/secrets`. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The inputs that are paths of what a machine boots: where that lies says nothing of what it is, which the digest does. */
const BOOT_FILES = ["kernel", "initrd", "root", "disk"] as const;

export function isBootFile(property: string): boolean {
  return BOOT_FILES.includes(property as (typeof BOOT_FILES)[number]);
}

/** Paths of what a machine boots. */
export function bootFiles(inputs: Pick<VmInputs, (typeof BOOT_FILES)[number]>): string[] {
  return BOOT_FILES.flatMap((name) => inputs[name] ?? []);
}

/** The same machine, from the copies that its folder has. */
export function bootedFrom(folder: string, inputs: VmInputs): VmInputs {
  return {
    ...inputs,
    ...Object.fromEntries(BOOT_FILES.flatMap((name) => (inputs[name] === undefined ? [] : [[name, join(folder, name)]]))),
  };
}

/** The serial of the disk that holds the root, or all that is booted. */
export const ROOT_SERIAL = "root";

const DEFAULTS: Properties = { arch: "amd64", cmdline: "", memoryMiB: 256, cpus: 1, publish: [], disks: [], waitForHealth: true };
const KNOWN = new Set([...Object.keys(DEFAULTS), "kernel", "initrd", "root", "disk", "diskFormat", "digest", "userData", "secrets"]);

/** Says what is wrong with one value, in a sentence; an unknown value is never asked. */
type Rule = (value: Value) => string | undefined;

const text: Rule = (value) => (typeof value === "string" ? undefined : `got ${show(value)}, wanted text`);
const path: Rule = (value) =>
  typeof value === "string" && value !== "" ? undefined : `got ${show(value)}, wanted the path of a file on this host`;
const whole =
  (least: number, most: number, unit: string): Rule =>
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : `got ${show(value)}, wanted a whole number of ${unit}, ${least} to ${most}`;

const RULES: Readonly<Record<string, Rule>> = {
  arch: (value) => (ARCHES.includes(value as Arch) ? undefined : `got ${show(value)}, wanted ${ARCHES.join(", ")}`),
  cmdline: text,
  digest: text,
  memoryMiB: whole(32, 1 << 20, "MiB"),
  cpus: whole(1, 255, "processors"),
  waitForHealth: (value) => (typeof value === "boolean" ? undefined : `got ${show(value)}, wanted true or false`),
};

/** Checks and completes the inputs of a machine. Unknown leaves stay as they are. */
export function checkVm(given: Properties): Checked {
  const inputs: Record<string, Value | undefined> = {
    ...DEFAULTS,
    ...(given.disk !== undefined && given.disk !== null && { memoryMiB: given.disk === UNKNOWN ? UNKNOWN : 512 }),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null)),
  };
  // no secrets are none, however that is said
  if (isProperties(inputs.secrets) && Object.keys(inputs.secrets).length === 0) delete inputs.secrets;
  const failures: CheckFailure[] = [];
  const fail = (at: string, message: string | undefined): void => {
    if (message !== undefined) failures.push({ path: at, message });
  };
  for (const name of Object.keys(inputs)) if (!KNOWN.has(name)) fail(name, `no such property, wanted one of ${[...KNOWN].join(", ")}`);
  for (const [name, rule] of Object.entries(RULES)) {
    const value = inputs[name];
    if (value === undefined) fail(name, "is missing");
    else if (value !== UNKNOWN) fail(name, rule(value));
  }
  checkBoot(inputs, fail);
  inputs.publish = checkPublish(inputs.publish, fail);
  checkDisks(inputs, fail);
  checkFirmware(inputs, fail);
  return { inputs, failures };
}

type Fail = (at: string, message: string | undefined) => void;

/** It boots a kernel with its initial ramdisk, or a disk. */
function checkBoot(inputs: Readonly<Record<string, Value | undefined>>, fail: Fail): void {
  const { arch, disk, diskFormat } = inputs;
  for (const name of BOOT_FILES) if (inputs[name] !== undefined && inputs[name] !== UNKNOWN) fail(name, path(inputs[name]));
  if (disk === undefined) {
    for (const name of ["kernel", "initrd"]) if (inputs[name] === undefined) fail(name, "is missing");
    if (diskFormat !== undefined) fail("diskFormat", "got the format of a disk, wanted disk beside it");
    return;
  }
  // of an image that is not built yet nobody knows which of the two it is
  if (disk === UNKNOWN) return;
  for (const name of ["kernel", "initrd", "root"])
    if (inputs[name] !== undefined) fail(name, "got a file beside disk, which is booted with all that is on it: wanted one of the two");
  if (inputs.cmdline !== "" && inputs.cmdline !== UNKNOWN)
    fail("cmdline", `got ${show(inputs.cmdline)}, and a disk brings its own command line: wanted none`);
  if (diskFormat !== undefined && diskFormat !== UNKNOWN && diskFormat !== "raw" && diskFormat !== "qcow2")
    fail("diskFormat", `got ${show(diskFormat)}, wanted raw or qcow2`);
  if (arch !== UNKNOWN && ARCHES.includes(arch as Arch) && !hasEfi(arch as Arch))
    fail("disk", `a machine of ${show(arch)} has no UEFI to boot it: wanted kernel and initrd`);
}

function checkPublish(value: Value | undefined, fail: Fail): Value {
  if (value === UNKNOWN) return UNKNOWN;
  if (!Array.isArray(value)) {
    fail("publish", `got ${show(value)}, wanted a list such as ["8080:80/tcp"]`);
    return [];
  }
  const seen: Publication[] = [];
  return value.map((item: Value, index) => {
    if (item === UNKNOWN) return item;
    const read = typeof item === "string" ? parsePublication(item) : { problem: `got ${show(item)}, wanted text such as "8080:80/tcp"` };
    if ("problem" in read) {
      fail(`publish[${index}]`, read.problem);
      return item;
    }
    if (seen.some((other) => collide(read, other)))
      fail(`publish[${index}]`, `got ${show(item)}, but port ${read.hostPort} is published already, wanted each once`);
    seen.push(read);
    return formatPublication(read);
  });
}

function checkDisks(inputs: Readonly<Record<string, Value | undefined>>, fail: Fail): void {
  const value = inputs.disks;
  if (value === UNKNOWN) return;
  if (!Array.isArray(value)) {
    fail("disks", `got ${show(value)}, wanted a list of disks`);
    return;
  }
  const serials = new Set<string>();
  for (const [index, disk] of value.entries()) {
    if (disk === UNKNOWN) continue;
    const at = `disks[${index}]`;
    if (!isProperties(disk)) {
      fail(at, `got ${show(disk)}, wanted a disk: { path, serial, format }`);
      continue;
    }
    if (disk.path !== UNKNOWN) fail(`${at}.path`, disk.path === undefined ? "is missing" : path(disk.path));
    if (disk.format !== UNKNOWN && disk.format !== "raw" && disk.format !== "qcow2")
      fail(`${at}.format`, `got ${show(disk.format)}, wanted raw or qcow2`);
    if (disk.serial === UNKNOWN) continue;
    fail(`${at}.serial`, serialProblem(disk.serial));
    if (disk.serial === ROOT_SERIAL && (typeof inputs.root === "string" || typeof inputs.disk === "string"))
      fail(`${at}.serial`, `got ${show(disk.serial)}, which the disk that is booted has, wanted another`);
    if (typeof disk.serial === "string" && serials.size === serials.add(disk.serial).size)
      fail(`${at}.serial`, `got ${show(disk.serial)}, which another disk has, wanted one of its own`);
  }
}

/** What is wrong with a disk's serial. */
export function serialProblem(value: Value | undefined): string | undefined {
  return typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$/.test(value)
    ? undefined
    : `got ${show(value)}, wanted 1 to 20 letters, digits, ".", "_" or "-"`;
}

function checkFirmware({ arch, userData, secrets }: Properties, fail: Fail): void {
  if (userData !== undefined && userData !== UNKNOWN) fail("userData", text(userData));
  if (arch !== UNKNOWN && !hasFirmwareDevice(arch as Arch)) {
    for (const name of Object.entries({ userData, secrets }).flatMap(([key, value]) => (value === undefined ? [] : [key]))) {
      fail(name, `a machine of ${show(arch)} has no firmware device to carry it: put it into the image, or leave it out`);
    }
  }
  if (secrets === undefined || secrets === UNKNOWN) return;
  if (!isProperties(secrets)) {
    fail("secrets", "wanted secrets by service, then by name, as in { web: { key: … } }");
    return;
  }
  for (const [service, named] of Object.entries(secrets)) {
    if (named === UNKNOWN) continue;
    if (!isProperties(named)) fail(`secrets.${service}`, "wanted secrets by name, as in { key: … }");
    else for (const [name, value] of Object.entries(named)) fail(`secrets.${service}.${name}`, secretProblem(service, name, value));
  }
}

// never shows the value
function secretProblem(service: string, name: string, value: Value | undefined): string | undefined {
  const item = FIRMWARE.secret(service, name);
  if (!/^[A-Za-z0-9._-]+$/.test(service) || !/^[A-Za-z0-9._-]+$/.test(name)) return 'wanted names of letters, digits, ".", "_" or "-"';
  if (Buffer.byteLength(item) > FIRMWARE_NAME_LIMIT)
    return `the names of service and secret have ${service.length + name.length} bytes together, wanted at most ${FIRMWARE_NAME_LIMIT - FIRMWARE.secret("", "").length}`;
  return value === UNKNOWN || typeof value === "string" ? undefined : "wanted text";
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : typeof value === "symbol" ? "a value that is not known yet" : JSON.stringify(value);
}
