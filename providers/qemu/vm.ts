import { type Input, type Output, secret } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { DiskAttachment } from "./plugin/arguments.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** The place of a machine in a private network. */
export interface QemuVmNetworkArgs {
  /** The path of the network's socket. @example "/home/me/.local/state/pulumi-linuxkit/networks/lan-1f2e3d4c-9a8b7c6d/switch" */
  readonly socket: Input<string>;
  /** The machine's IPv4 address there, with the bits of the network. @example "10.77.0.11/24" */
  readonly address: Input<string>;
  /** The machine's host name. @example "m1" */
  readonly hostname: Input<string>;
}

/** A machine's place in a cluster, as the classes of clusters set it. The provider alone uses it: no part of it reaches the guest. */
export interface QemuVmMemberArgs {
  /** The kind of the cluster. @example "swarm" */
  readonly kind: Input<string>;
  /** What the machine is in the cluster. @example "manager" */
  readonly role: Input<string>;
  /** What only this kind of cluster has. @default none */
  readonly settings?: Input<Readonly<Record<string, unknown>>> | undefined;
  /** By which the provider asks the cluster. Encrypted in the state. */
  readonly keys: Input<QemuVmMemberKeysArgs>;
}

/** By which the provider proves itself to a cluster, as PEM. */
export interface QemuVmMemberKeysArgs {
  /** The authority's certificate. @example "-----BEGIN CERTIFICATE-----…" */
  readonly ca: Input<string>;
  /** The provider's certificate. @example "-----BEGIN CERTIFICATE-----…" */
  readonly certificate: Input<string>;
  /** Its private key: a secret. @example "-----BEGIN PRIVATE KEY-----…" */
  readonly key: Input<string>;
}

/** Arguments of {@link QemuVm}. */
export interface QemuVmArgs {
  /** The architecture. @default "amd64" */
  readonly arch?: Input<Arch> | undefined;
  /** Path of the kernel on this host. @default none, with `disk` @example "/srv/os-kernel" */
  readonly kernel?: Input<string | undefined>;
  /** Path of the initial ramdisk on this host. @default none, with `disk` @example "/srv/os-initrd.img" */
  readonly initrd?: Input<string | undefined>;
  /**
   * Path of a disk image on this host that UEFI boots, instead of kernel and initial ramdisk: the guest's last disk,
   * read-only.
   * @default none
   * @example "/srv/os-efi.qcow2"
   */
  readonly disk?: Input<string | undefined>;
  /** Format of `disk`. @default "raw" */
  readonly diskFormat?: Input<"raw" | "qcow2" | undefined>;
  /**
   * Path of a root image on this host that the initial ramdisk mounts: the guest's last disk, read-only.
   * @default none: the initial ramdisk is the root
   * @example "/srv/os-root.img"
   */
  readonly root?: Input<string | undefined>;
  /** The kernel's command line. @default "" */
  readonly cmdline?: Input<string> | undefined;
  /** Digest of the operating system. Another digest replaces the machine. @example "sha256:…" */
  readonly digest: Input<string>;
  /** MiB of memory. @default 256; 512 with `disk` @example 512 */
  readonly memoryMiB?: Input<number> | undefined;
  /** Processors. @default 1 @example 2 */
  readonly cpus?: Input<number> | undefined;
  /** Ports of the guest that the host forwards: `[ADDRESS:]HOST:GUEST[/tcp|udp]`; host port 0 means any free port. @default none */
  readonly publish?: Input<readonly Input<string>[]> | undefined;
  /**
   * Whether the guest can open connections: to other computers, and to the ports of this host's loopback interface. False
   * excludes published UDP ports. @default true; of a machine or fleet: whether a container of its image may connect to the outside
   */
  readonly outbound?: Input<boolean | undefined>;
  /** Disks, in the guest's order: vda, vdb… @default none */
  readonly disks?: Input<readonly Input<DiskAttachment>[]> | undefined;
  /** A private network beside its own, as a {@link Network} has it. @default none */
  readonly network?: Input<QemuVmNetworkArgs | undefined>;
  /** Its place in a cluster of the machines in `network`. @default none */
  readonly member?: Input<QemuVmMemberArgs | undefined>;
  /** Becomes `/run/config/hosts` in the guest, and a part of its containers' `/etc/hosts`, at its next start. @default none */
  readonly hosts?: Input<string | undefined>;
  /** Becomes `/run/config/userdata` in the guest. @default none */
  readonly userData?: Input<string> | undefined;
  /** Values by service, then by name: each becomes a file under `/run/secrets` of its service. Encrypted in the state. @default none */
  readonly secrets?: Input<Readonly<Record<string, Input<Readonly<Record<string, Input<string>>>>>>> | undefined;
  /** Whether to wait until the guest reports that all its services are healthy; set false for a guest with another init. @default true */
  readonly waitForHealth?: Input<boolean> | undefined;
  /** How often a service may crash before the machine is healthy: then the update fails at once, with the end of its log. @default 6 @example 20 */
  readonly crashLimit?: Input<number> | undefined;
  /**
   * Whether a machine that publishes ports or has disks is started again on its old image when the new one does not become
   * healthy. It is then updated in place; false deletes it first. One without ports and disks is deleted only once the new one
   * is healthy.
   * @default true
   * @example false
   */
  readonly rollBack?: Input<boolean> | undefined;
  /** Whether a machine that does not become healthy runs on, for a look inside. The update fails all the same, and the next one starts the machine again. @default false @example true */
  readonly keepOnFailure?: Input<boolean> | undefined;
}

/** QEMU running one kernel and initial ramdisk, or one disk. {@link Machine} is the convenient way to get one. */
export class QemuVm extends CustomResource {
  /** False if `pulumi refresh` found it stopped; the next update starts it again. */
  declare readonly running: Output<boolean>;
  /** QEMU's process. */
  declare readonly pid: Output<number>;
  /** The guest's `/proc/sys/kernel/random/boot_id`; empty without `waitForHealth`. */
  declare readonly bootId: Output<string>;
  /** The file that keeps the last megabyte of its console. */
  declare readonly consoleLog: Output<string>;
  /** Host ports by guest port: `{ "80/tcp": 8080 }`. */
  declare readonly ports: Output<Readonly<Record<string, number>>>;
  /** `http://ADDRESS:PORT` of the first published TCP port; empty without one. */
  declare readonly url: Output<string>;
  /** kvm, hvf or tcg. */
  declare readonly accelerator: Output<string>;
  /** What its cluster gave it to keep, by name: secrets. Undefined outside a cluster. */
  declare readonly kept: Output<Readonly<Record<string, string>> | undefined>;

  constructor(name: string, args: QemuVmArgs, options?: CustomResourceOptions) {
    const outputs = {
      running: undefined,
      pid: undefined,
      bootId: undefined,
      consoleLog: undefined,
      ports: undefined,
      url: undefined,
      accelerator: undefined,
      kept: undefined,
    };
    const inputs = options?.urn ? {} : { ...args, ...(args.secrets !== undefined && { secrets: secret(args.secrets) }) };
    super("linuxkit:index:QemuVm", name, { ...outputs, ...inputs }, requirePlugin(options));
  }
}
