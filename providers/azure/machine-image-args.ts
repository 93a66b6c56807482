import type { GalleryArgs } from "@pulumi/azure-native/compute/gallery.js";
import type { GalleryImageArgs } from "@pulumi/azure-native/compute/galleryImage.js";
import type { GalleryImageVersionArgs } from "@pulumi/azure-native/compute/galleryImageVersion.js";
import type { ImageArgs as ManagedImageArgs } from "@pulumi/azure-native/compute/image.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { Image } from "../../sdk/definition/image.ts";
import type { SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";
import type { Transform } from "../../sdk/machine/transform.ts";
import type { ImageBuild, ImageBuildArgs } from "../../sdk/resource/image-build.ts";
import type { AzureAccessArgs } from "./access-args.ts";
import type { AzureUploadArgs } from "./upload.ts";

/** Arguments of {@link MachineImage}: a build, or an operating system that is then built as its child. */
export interface MachineImageArgs
  extends AzureAccessArgs,
    Pick<AzureUploadArgs, "resourceGroupName" | "location" | "sku" | "storage" | "version" | "tags"> {
  /** A build that writes `vhd`. */
  readonly build?: ImageBuild | undefined;
  readonly image?: Image | undefined;
  /** Of the build made here. @default "amd64" */
  readonly arch?: Input<Arch> | undefined;
  readonly description?: Input<string> | undefined;
  /** `gallery`: a version in a compute gallery; `image`: a managed image, of one region and without trusted launch. @default "gallery" */
  readonly kind?: "gallery" | "image" | undefined;
  /** The id of the gallery image definition that the version is of: `/subscriptions/…/galleries/…/images/…`. @default one in a gallery of its own */
  readonly definitionId?: Input<string> | undefined;
  /** Regions to copy the version to, beside its own. @default none */
  readonly copyTo?: readonly string[] | undefined;
  /**
   * Machines with an administrator whom Azure makes, who are then waited for until they report that they are ready;
   * without it they start as they are. A managed image is always so. @default false
   */
  readonly generalized?: boolean | undefined;
  /** Machines with a TPM of the hypervisor (trusted launch). @default true for a gallery's version */
  readonly trustedLaunch?: boolean | undefined;
  /** Whose signatures machines of the image start: they have Secure Boot then. @default none: no Secure Boot */
  readonly secureBootKeys?: SecureBootKeys | undefined;
  /** Keep image and disk in the subscription when the stack lets go of them. @default false */
  readonly retainOnDelete?: boolean | undefined;
  /** Changes the children's arguments. */
  readonly transform?:
    | {
        readonly build?: Transform<ImageBuildArgs>;
        readonly upload?: Transform<AzureUploadArgs>;
        readonly gallery?: Transform<GalleryArgs>;
        readonly definition?: Transform<GalleryImageArgs>;
        readonly version?: Transform<GalleryImageVersionArgs>;
        readonly managedImage?: Transform<ManagedImageArgs>;
      }
    | undefined;
}

/** What a machine of an image has to know of it. */
export interface ImageTraits {
  readonly generalized: boolean;
  readonly trustedLaunch: boolean;
  readonly secureBoot: boolean;
}
