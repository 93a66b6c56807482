import type { GalleryArgs } from "@pulumi/azure-native/compute/gallery.js";
import type { GalleryImageArgs } from "@pulumi/azure-native/compute/galleryImage.js";
import type { GalleryImageVersionArgs } from "@pulumi/azure-native/compute/galleryImageVersion.js";
import type { ImageArgs as ManagedImageArgs } from "@pulumi/azure-native/compute/image.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { ImageArgs } from "../../sdk/machine/args.ts";
import type { SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";
import type { Transform } from "../../sdk/machine/transform.ts";
import type { ImageBuild } from "../../sdk/resource/image-build.ts";
import type { ImageBuildArgs } from "../../sdk/resource/image-build-args.ts";
import type { AzureAccessArgs } from "./access-args.ts";
import type { AzureUploadArgs } from "./upload.ts";

/** Arguments of {@link MachineImage}: a build, or an operating system that is then built as its child. */
export interface MachineImageArgs
  extends ImageArgs,
    AzureAccessArgs,
    Pick<AzureUploadArgs, "resourceGroupName" | "location" | "sku" | "storage" | "version"> {
  /** A build that writes `vhd`. @default one made from `image` */
  readonly build?: ImageBuild | undefined;
  /** `gallery`: a version in a compute gallery; `image`: a managed image, of one region and without trusted launch. @default "gallery" */
  readonly kind?: "gallery" | "image" | undefined;
  /**
   * Id of the gallery image definition to add the version to: `/subscriptions/…/galleries/…/images/…`.
   * @default a new one in a new gallery
   */
  readonly definitionId?: Input<string> | undefined;
  /** Regions to copy the version to, besides its own. @default none @example ["northeurope"] */
  readonly copyTo?: readonly string[] | undefined;
  /**
   * Whether Azure adds an administrator to each machine and waits until the machine reports ready. A managed image is
   * always generalized. @default false
   */
  readonly generalized?: boolean | undefined;
  /** Whether machines have a TPM of the hypervisor (trusted launch). @default true for a gallery's version, on sizes that have it */
  readonly trustedLaunch?: boolean | undefined;
  /** Keys that the firmware of the image's machines trusts; turns Secure Boot on. @default none: no Secure Boot */
  readonly secureBootKeys?: SecureBootKeys | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | {
        /** Changes the arguments of the build. @default none */
        readonly build?: Transform<ImageBuildArgs>;
        /** Changes the arguments of the upload. @default none */
        readonly upload?: Transform<AzureUploadArgs>;
        /** Changes the arguments of the gallery. @default none */
        readonly gallery?: Transform<GalleryArgs>;
        /** Changes the arguments of the gallery's image definition. @default none */
        readonly definition?: Transform<GalleryImageArgs>;
        /** Changes the arguments of the gallery's image version. @default none */
        readonly version?: Transform<GalleryImageVersionArgs>;
        /** Changes the arguments of the managed image. @default none */
        readonly managedImage?: Transform<ManagedImageArgs>;
      }
    | undefined;
}

/** What a machine's arguments depend on. */
export interface ImageTraits {
  /** Whether Azure adds an administrator and waits for the machine's report. */
  readonly generalized: boolean;
  /** Whether machines have a TPM of the hypervisor. */
  readonly trustedLaunch: boolean;
  /** Whether the firmware checks signatures. */
  readonly secureBoot: boolean;
  /** Whether machines with NVMe disks may start it. */
  readonly nvme: boolean;
}
