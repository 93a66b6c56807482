import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { Digest } from "../../sdk/core/digest.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Image } from "../../sdk/index.ts";
import { ImageBuild, type ImageBuildArgs } from "../../sdk/resource/image-build.ts";
import { type ServiceSecrets, secretsOf } from "./service-secrets.ts";
import { type Transform, transformed } from "./transform.ts";

/** Arguments of {@link MachineImage}: a build, or an operating system that is then built as its child. */
export interface MachineImageArgs {
  /** A build that writes `kernel+initrd`. */
  readonly build?: ImageBuild | undefined;
  readonly image?: Image | undefined;
  /** Of the build made here. @default "amd64" */
  readonly arch?: Input<Arch> | undefined;
  /** Changes the child's arguments. */
  readonly transform?: { readonly build?: Transform<ImageBuildArgs> } | undefined;
}

/** What a QEMU machine starts from. QEMU reads kernel and initial ramdisk from this host, so that is the build itself. */
export class MachineImage extends ComponentResource {
  readonly digest: Output<Digest>;
  readonly arch: Output<Arch>;
  readonly cmdline: Output<string>;
  /** Paths on this host. */
  readonly kernel: Output<string>;
  readonly initrd: Output<string>;
  /** What the services of the definition name as secrets. */
  readonly secrets: Output<ServiceSecrets>;
  /** The resources behind it. */
  readonly nodes: { readonly build: ImageBuild };

  constructor(name: string, args: MachineImageArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:QemuMachineImage", name, {}, options);
    const build = args.build ?? new ImageBuild(`${name}-build`, buildArguments(name, args), { parent: this });
    this.nodes = { build };
    this.digest = output(build.digest);
    this.arch = output(build.arch);
    this.cmdline = output(build.cmdline);
    this.kernel = build.file("kernel");
    this.initrd = build.file("initrd");
    this.secrets = secretsOf(build.definition);
    this.registerOutputs({ digest: this.digest, arch: this.arch, cmdline: this.cmdline, kernel: this.kernel, initrd: this.initrd });
  }
}

function buildArguments(name: string, { image, arch, transform }: MachineImageArgs): ImageBuildArgs {
  if (!image) throw new LinuxKitError("INVALID_DEFINITION", `${name}: got neither build nor image, wanted one of them`, { path: "image" });
  return transformed(transform?.build, { image, format: "kernel+initrd", name, ...(arch !== undefined && { arch }) }, `${name}-build`);
}
