import type { ImageArgs as ComputeImageArgs } from "@pulumi/gcp/compute/image.js";
import type { BucketArgs } from "@pulumi/gcp/storage/bucket.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { ImageArgs } from "../../sdk/machine/args.ts";
import type { SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";
import type { Transform } from "../../sdk/machine/transform.ts";
import type { ImageBuild } from "../../sdk/resource/image-build.ts";
import type { ImageBuildArgs } from "../../sdk/resource/image-build-args.ts";
import type { GcpAccessArgs } from "./access-args.ts";
import type { GcpUploadArgs } from "./upload.ts";

/** Arguments of {@link MachineImage}: a build, or an operating system that is then built as its child. */
export interface MachineImageArgs extends ImageArgs, GcpAccessArgs {
  /** A build that writes `gcp`. @default one made from `image` */
  readonly build?: ImageBuild | undefined;
  /**
   * A bucket of the stack's project to upload the image to.
   * @default a new bucket, deleted together with the image
   * @example "acme-images"
   */
  readonly bucket?: Input<string> | undefined;
  /** The project that `bucket` belongs to. @default the stack's */
  readonly bucketProject?: Input<string> | undefined;
  /** Location of the new bucket. @default the region of the stack's provider, else "US" */
  readonly location?: Input<string> | undefined;
  /** Region or multi-region that stores the image. @default the multi-region nearest to the bucket @example "eu" */
  readonly storageLocation?: Input<string> | undefined;
  /** Keys that the firmware of the image's machines trusts, where Secure Boot is on. @default the keys of Google and Microsoft */
  readonly secureBootKeys?: SecureBootKeys | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | {
        /** Changes the arguments of the build. @default none */
        readonly build?: Transform<ImageBuildArgs>;
        /** Changes the arguments of the bucket. @default none */
        readonly bucket?: Transform<BucketArgs>;
        /** Changes the arguments of the upload. @default none */
        readonly upload?: Transform<GcpUploadArgs>;
        /** Changes the arguments of the image. @default none */
        readonly image?: Transform<ComputeImageArgs>;
      }
    | undefined;
}
