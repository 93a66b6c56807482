import { type Input, type Output, secret } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { DiskAttachment } from "./plugin/arguments.ts";

/** Arguments of {@link QemuVm}. */
export interface QemuVmArgs {
  /** @default "amd64" */
  readonly arch?: Input<Arch> | undefined;
  /** Path of the kernel on this host. */
  readonly kernel?: Input<string | undefined>;
  /** Path of the initial ramdisk on this host. */
  readonly initrd?: Input<string | undefined>;
  /** Path of an image of a whole disk on this host, which UEFI boots instead of kernel and initial ramdisk: the guest's last disk, read-only. @default none */
  readonly disk?: Input<string | undefined>;
  /** Of `disk`. @default "raw" */
  readonly diskFormat?: Input<"raw" | "qcow2" | undefined>;
  /** Path of an image of the root on this host, which the initial ramdisk mounts: the guest's last disk, read-only. @default the initial ramdisk is the root */
  readonly root?: Input<string | undefined>;
  /** The kernel's command line. @default "" */
  readonly cmdline?: Input<string> | undefined;
  /** What the OS is: another digest is another machine. */
  readonly digest: Input<string>;
  /** @default 256; 512 with `disk` */
  readonly memoryMiB?: Input<number> | undefined;
  /** @default 1 */
  readonly cpus?: Input<number> | undefined;
  /** Ports of the guest that the host answers on: `[ADDRESS:]HOST:GUEST[/tcp|udp]`, host port 0 for any free one. @default none */
  readonly publish?: Input<readonly Input<string>[]> | undefined;
  /** @default none */
  readonly disks?: Input<readonly Input<DiskAttachment>[]> | undefined;
  /** Becomes `/run/config/userdata` in the guest. @default none */
  readonly userData?: Input<string> | undefined;
  /** By service, then by name: each is a file under `/run/secrets` of the service that names it. Kept secret in the state. @default none */
  readonly secrets?: Input<Readonly<Record<string, Input<Readonly<Record<string, Input<string>>>>>>> | undefined;
  /** Whether to wait until the guest says that all its services are healthy; false for one with another init. @default true */
  readonly waitForHealth?: Input<boolean> | undefined;
}

/** QEMU running one kernel and initial ramdisk, or one disk. {@link Machine} is the convenient way to have one. */
export class QemuVm extends CustomResource {
  /** False when `pulumi refresh` found it dead: the next `up` starts it again. */
  declare readonly running: Output<boolean>;
  /** QEMU's process. */
  declare readonly pid: Output<number>;
  /** The guest's `/proc/sys/kernel/random/boot_id`; empty when its health was not waited for. */
  declare readonly bootId: Output<string>;
  /** The file that keeps the last megabyte of its console. */
  declare readonly consoleLog: Output<string>;
  /** Host ports by guest port: `{ "80/tcp": 8080 }`. */
  declare readonly ports: Output<Readonly<Record<string, number>>>;
  /** `http://ADDRESS:PORT` of the first published TCP port; empty when there is none. */
  declare readonly url: Output<string>;
  /** kvm, hvf or tcg. */
  declare readonly accelerator: Output<string>;

  constructor(name: string, args: QemuVmArgs, options?: CustomResourceOptions) {
    const outputs = {
      running: undefined,
      pid: undefined,
      bootId: undefined,
      consoleLog: undefined,
      ports: undefined,
      url: undefined,
      accelerator: undefined,
    };
    const inputs = options?.urn ? {} : { ...args, ...(args.secrets !== undefined && { secrets: secret(args.secrets) }) };
    super("linuxkit:index:QemuVm", name, { ...outputs, ...inputs }, options);
  }
}
