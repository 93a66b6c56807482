// these two modules only: the whole SDK would take 60 MB more memory in every program that only builds
import { all, type Input, type Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../core/arch.ts";
import type { Digest } from "../core/digest.ts";
import type { Pcrs } from "../disk/pcrs.ts";
import type { Definition } from "../definition/definition.ts";
import type { Image } from "../definition/image.ts";
import type { Lock } from "../resolve/lock.ts";
import type { BuiltFile } from "./plugin/builder.ts";
import type { ImageBuildArgs } from "./image-build-args.ts";
import { inputsOf } from "./image-build-inputs.ts";
import { requirePlugin } from "./require-plugin.ts";

/** The type token of {@link ImageBuild}. */
const TOKEN = "linuxkit:index:ImageBuild";

/** A part of the root filesystem. */
export interface SegmentSize {
  /** Its name in the plan: `init`, `services.web`. */
  readonly name: string;
  /** Bytes that it adds, compressed. */
  readonly size: number;
  /** Bytes of memory that it takes once the kernel has unpacked it. @default not known */
  readonly unpacked?: number;
}

/**
 * An operating system, built: the same definition and lock give the same bytes on any machine. It is updated in place;
 * the versions chosen at first (of packages, digests of tags) stay locked until `update: "always"` asks for newer.
 *
 * `pulumi preview --diff` shows what changes inside the OS: the whole definition is its input.
 */
export class ImageBuild extends CustomResource {
  /** Identifies the built files: changes with any byte of them. */
  declare readonly digest: Output<Digest>;
  /** sha256 of the plan: what the OS is, in any format. */
  declare readonly planDigest: Output<Digest>;
  /** The architecture. */
  declare readonly arch: Output<Arch>;
  /** The kernel's command line. */
  declare readonly cmdline: Output<string>;
  /** The folder of the files on the machine that runs the update. */
  declare readonly path: Output<string>;
  /** Role, name, size in bytes and sha256 of each file. */
  declare readonly files: Output<readonly BuiltFile[]>;
  /** The parts of the root filesystem, and what each adds in bytes. */
  declare readonly segments: Output<readonly SegmentSize[]>;
  /**
   * For formats that start by one EFI program (`raw-efi`…): registers 4, 9 and 11 of the TPM of a machine that started
   * it, sha256 in hexadecimal digits, with Secure Boot on where it is signed and off where it is not.
   */
  declare readonly pcrs: Output<Pcrs | undefined>;
  /** The resolved version or digest of every package and tag. */
  declare readonly lock: Output<Lock>;
  /** Where it was published: `registry/repository@sha256:…`, which `artifact` takes; undefined without `push`. */
  declare readonly pushed: Output<string | undefined>;
  /** The definition given as `image`, used by machines to find the declared secrets; undefined after rehydration. */
  readonly definition: Definition | undefined;
  /**
   * The certificate that the EFI programs are signed with; `null` where nothing is signed, and undefined where the program
   * does not know: after rehydration, and for an `artifact`, which was signed when it was published.
   */
  readonly signedWith: Input<string> | null | undefined;
  /** `arch` as the program gives it, "amd64" by default; undefined where only the build tells it, as for an `artifact`. */
  readonly wantedArch: Input<Arch> | undefined;

  /**
   * An {@link Image} is already checked; the plugin checks the Outputs in it.
   *
   * @throws INVALID_DEFINITION with both or none of image and artifact; NOT_FOUND when a local file or image is missing
   */
  constructor(name: string, args: ImageBuildArgs, options?: CustomResourceOptions) {
    const unknownOutputs = {
      arch: undefined,
      digest: undefined,
      planDigest: undefined,
      cmdline: undefined,
      path: undefined,
      files: undefined,
      segments: undefined,
      pcrs: undefined,
      lock: undefined,
      pushed: undefined,
    };
    // rehydrated from its URN it has no arguments
    super(TOKEN, name, { ...unknownOutputs, ...(options?.urn ? {} : inputsOf(name, args)) }, requirePlugin(options));
    this.definition = options?.urn ? undefined : args.image?.spec;
    this.wantedArch = options?.urn || args.artifact !== undefined ? undefined : (args.arch ?? "amd64");
    this.signedWith = options?.urn || args.artifact !== undefined ? undefined : (args.secureBoot?.certificate ?? null);
  }

  /** A file of the build, by its role, and where it is. */
  describe(role: string): Output<BuiltFile & { readonly path: string }> {
    return all([this.path, this.files]).apply(([path, files]) => {
      const file = files.find((file) => file.role === role);
      if (!file) throw new Error(`role: got "${role}", wanted one of ${files.map((file) => file.role).join(", ")}`);
      return { ...file, path: `${path}/${file.name}` };
    });
  }

  /** Where a file of the build is, by its role: `build.file("kernel")`, `build.file("initrd")`. */
  file(role: string): Output<string> {
    return this.describe(role).apply(({ path }) => path);
  }
}
