import { join } from "node:path";
import { z } from "zod";
import { ARCHES } from "../../../sdk/core/arch.ts";
import { formatPublication, parsePublication } from "../../../sdk/definition/publication.ts";
import { memberInputs } from "../../../sdk/cluster/plugin/member-inputs.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";

/** A whole number in a range. */
export function whole(least: number, most: number, unit: string) {
  const wanted = `a whole number of ${unit} from ${least} to ${most}`;
  return z.int(wanted).min(least, wanted).max(most, wanted);
}

/** A disk's serial, by which the guest finds it. */
export const serial = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$/, '1 to 20 letters, digits, ".", "_" or "-"');

/** The serial of the disk that holds the root filesystem, or the whole bootable system. */
export const ROOT_SERIAL = "root";

/** The path of a file of this host. */
export const hostPath = z.string("the path of a file on this host").min(1, "the path of a file on this host");

const bootFile = (description: string) => input(description, hostPath.exactOptional(), { onChange: "ignore" });

/** A port of the guest that the host answers on, in the one spelling in which it is compared and stored. */
const publication = z.string().transform((text, context) => {
  const read = parsePublication(text);
  if (!("problem" in read)) return formatPublication(read);
  context.addIssue({ code: "custom", message: read.wanted });
  return z.NEVER;
});

/** The name of a host, without a domain. */
export const hostName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "a host's name");

const disk = z.strictObject({
  path: input("Absolute path on this host.", hostPath),
  format: input("raw or qcow2.", z.enum(["raw", "qcow2"])),
  serial: input("What the guest finds it by, in `/sys/block/vdX/serial`.", serial),
  readOnly: input("Whether the guest cannot write to it. Default: false.", z.boolean().exactOptional()),
});

/** In the name of a firmware item: see `FIRMWARE.secret`. */
const secretName = z.string().regex(/^[A-Za-z0-9._-]+$/, 'letters, digits, ".", "_" or "-"');

/** What a machine and each machine of a fleet have in common. */
export const machineShape = {
  arch: input("amd64, arm64 or s390x.", z.enum(ARCHES).default("amd64")),
  kernel: bootFile("Path of the kernel on this host. Not compared: a change of `digest` replaces the machine."),
  initrd: bootFile("Path of the initial ramdisk on this host."),
  root: bootFile("Path of an image of the root on this host: the guest's last disk, read-only. Default: the initial ramdisk is the root."),
  disk: bootFile("Path of an image of a whole disk on this host, which UEFI boots instead of kernel and initial ramdisk, read-only."),
  // another format is another digest; before a build both are unknown, and a preview would show the format as a change
  diskFormat: input("The format of `disk`. Default: raw.", z.enum(["raw", "qcow2"]).exactOptional(), { onChange: "ignore" }),
  cmdline: input("The kernel's command line.", z.string().default("")),
  digest: input("Identifies the operating system: another digest replaces the machine.", z.string()),
  memoryMiB: input("Memory in MiB; 512 with `disk`, because the firmware keeps a second copy.", whole(32, 1 << 20, "MiB").default(256)),
  cpus: input("How many processors.", whole(1, 255, "processors").default(1)),
  publish: input(
    "Ports of the guest that the host answers on: [ADDRESS:]HOST:GUEST[/tcp|udp], host port 0 for any free one.",
    z.array(publication).default([]),
  ),
  outbound: input(
    "Whether the guest can open connections, to this host and beyond; false excludes published UDP ports. Default: true.",
    z.boolean().exactOptional(),
  ),
  hosts: input("Becomes `/run/config/hosts` in the guest, at its next start.", z.string().exactOptional(), { onChange: "ignore" }),
  userData: input("Becomes `/run/config/userdata` in the guest.", z.string().exactOptional()),
  secrets: input(
    "By service, then by name: files under `/run/secrets` of the service.",
    z.record(secretName, z.record(secretName, z.string())).exactOptional(),
    { secret: true },
  ),
} as const;

/** Inputs of `linuxkit:index:QemuVm`. */
export const vmInputs = resourceInputs(
  "A virtual machine on this host, in QEMU.",
  {
    ...machineShape,
    disks: input("Disks that outlive the machine.", z.array(disk).default([])),
    network: input(
      "The private network that the machine is in, beside its own.",
      z
        .strictObject({
          socket: input("Path of the network's socket.", hostPath),
          address: input("The machine's IPv4 address there, with the bits of the network.", z.cidrv4()),
          hostname: input("The machine's host name.", hostName),
        })
        .exactOptional(),
    ),
    member: input("Its place in a cluster of the network's machines.", memberInputs.exactOptional(), { onChange: "update" }),
    waitForHealth: input(
      "Whether to wait until the guest says that all its services are healthy.",
      z.boolean().default(true),
      // it affects only what `create` waits for
      { onChange: "update" },
    ),
    crashLimit: input(
      "How often a service may crash before the machine is healthy: then its creation fails at once. Default: 6.",
      whole(1, 1000, "crashes").exactOptional(),
      { onChange: "update" },
    ),
    rollBack: input(
      "Whether a machine with ports or disks is started again on its old image when the new one does not become healthy. Default: true.",
      z.boolean().exactOptional(),
      { onChange: "update" },
    ),
    keepOnFailure: input(
      "Whether a machine that does not become healthy runs on for a look inside; the next update starts it again. Default: false.",
      z.boolean().exactOptional(),
      { onChange: "update" },
    ),
  },
  { onChange: "replace" },
);

/** Checked inputs of `linuxkit:index:QemuVm`. */
export type VmInputs = Readonly<z.output<typeof vmInputs>>;

/** Inputs that are paths of what a machine boots. */
const BOOT_FILES = ["kernel", "initrd", "root", "disk"] as const satisfies readonly (keyof VmInputs)[];

/** Whether a machine with another value of an input is another machine: not for the path of a boot file, which does not identify the content. */
export function isOfMachine(name: string): boolean {
  return name !== "hosts" && !(BOOT_FILES as readonly string[]).includes(name);
}

/** Paths of what a machine boots. */
export function bootFiles(inputs: Pick<VmInputs, (typeof BOOT_FILES)[number]>): string[] {
  return BOOT_FILES.flatMap((name) => inputs[name] ?? []);
}

/** The same machine, booted from the copies in its folder. */
export function bootedFrom(folder: string, inputs: VmInputs): VmInputs {
  return {
    ...inputs,
    ...Object.fromEntries(BOOT_FILES.flatMap((name) => (inputs[name] === undefined ? [] : [[name, join(folder, name)]]))),
  };
}
