import { all, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { Digest } from "../../sdk/core/digest.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { BuildArgs } from "../../sdk/machine/args.ts";
import type { BuiltFile } from "../../sdk/resource/plugin/builder.ts";
import { ImageBuild } from "../../sdk/resource/image-build.ts";
import type { ImageBuildArgs } from "../../sdk/resource/image-build-args.ts";
import { buildArguments } from "../../sdk/machine/source.ts";
import type { Transform } from "../../sdk/machine/transform.ts";
import { type ServiceSecrets, secretsOf } from "./service-secrets.ts";
import type { VmInputs } from "./plugin/vm-inputs.ts";

/** Arguments of {@link MachineImage}: a build, or an operating system that is then built as its child. */
export interface MachineImageArgs extends BuildArgs {
  /**
   * A build that writes `kernel+initrd` or `kernel+squashfs-initrd`; or `kernel+squashfs` or `kernel+erofs`, whose root becomes
   * a disk of the machine; or `raw-efi`, `raw-hybrid`, `qcow2-efi` or `aws`, a disk that UEFI boots.
   * @default one made from `image`
   */
  readonly build?: ImageBuild | undefined;
  /** Changes the child's arguments. @default none */
  readonly transform?:
    | {
        /** Changes the arguments of the build. @default none */
        readonly build?: Transform<ImageBuildArgs>;
      }
    | undefined;
}

/** What a QEMU machine starts from: the files of the build itself, because QEMU reads them from this host. */
export class MachineImage extends ComponentResource {
  /** Identifies the built files. */
  readonly digest: Output<Digest>;
  /** The architecture of the operating system. */
  readonly arch: Output<Arch>;
  /** The kernel's command line; empty for a disk, which holds it. */
  readonly cmdline: Output<string>;
  /** Paths on this host. */
  readonly kernel: Output<string | undefined>;
  /** Path of the initramfs; undefined for a disk. */
  readonly initrd: Output<string | undefined>;
  /** Path of the root image, for a build with a separate root; else undefined. */
  readonly root: Output<string | undefined>;
  /** Path of the disk image, for a build of a disk; kernel and initrd are then undefined, and the disk holds the command line. */
  readonly disk: Output<string | undefined>;
  /** The format of `disk`; undefined without a disk. */
  readonly diskFormat: Output<"raw" | "qcow2" | undefined>;
  /** Secrets of the definition's services. */
  readonly secrets: Output<ServiceSecrets>;
  /** The resources behind it. */
  readonly nodes: {
    /** The build of the operating system. */
    readonly build: ImageBuild;
  };

  constructor(name: string, args: MachineImageArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:QemuMachineImage", name, {}, options);
    const build = args.build ?? new ImageBuild(`${name}-build`, buildArguments(name, "kernel+initrd", args), { parent: this });
    this.nodes = { build };
    this.digest = output(build.digest);
    this.arch = output(build.arch);
    const boot = all([build.path, build.files]).apply(([path, files]) => bootFiles(name, path, files));
    this.cmdline = all([boot, build.cmdline]).apply(([{ disk }, cmdline]) => (disk === undefined ? cmdline : ""));
    this.kernel = boot.apply(({ kernel }) => kernel);
    this.initrd = boot.apply(({ initrd }) => initrd);
    this.root = boot.apply(({ root }) => root);
    this.disk = boot.apply(({ disk }) => disk);
    this.diskFormat = boot.apply(({ diskFormat }) => diskFormat);
    this.secrets = secretsOf(build.definition);
    this.registerOutputs({
      digest: this.digest,
      arch: this.arch,
      cmdline: this.cmdline,
      kernel: this.kernel,
      initrd: this.initrd,
      root: this.root,
      disk: this.disk,
      diskFormat: this.diskFormat,
    });
  }
}

type BootFiles = Pick<VmInputs, "kernel" | "initrd" | "root" | "disk" | "diskFormat">;

/** File names of disks that UEFI boots, by format. */
const DISKS = [
  ["raw", /(-efi\.img|-hybrid\.img|\.raw)$/],
  ["qcow2", /-efi\.qcow2$/],
] as const;

/** The files that a machine boots. It prefers a root in memory, which needs no disk. */
function bootFiles(name: string, folder: string, files: readonly BuiltFile[]): BootFiles {
  const path = (role: string, suffix = /$/): string | undefined => {
    const file = files.find((file) => file.role === role && suffix.test(file.name));
    return file && `${folder}/${file.name}`;
  };
  const [kernel, base, root] = ["kernel", "base-initrd", "root"].map((role) => path(role));
  const initrd = path("initrd") ?? path("squashfs-initrd");
  if (kernel !== undefined && initrd !== undefined) return { kernel, initrd };
  if (kernel !== undefined && base !== undefined && root !== undefined) return { kernel, initrd: base, root };
  // a build may also have written images for clouds
  for (const [diskFormat, suffix] of DISKS) {
    const disk = path("image", suffix);
    if (disk !== undefined) return { disk, diskFormat };
  }
  const roles = files.map(({ role }) => role).join(", ") || "no file";
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${name}: got a build with ${roles}, wanted one of kernel+initrd or kernel+squashfs-initrd, of raw-efi, raw-hybrid, qcow2-efi or aws, or of kernel+squashfs or kernel+erofs with debian.kernel()`,
    { path: "build" },
  );
}
