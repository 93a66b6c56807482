import type { Digest } from "../../core/digest.ts";
import type { Step } from "../../core/property-path.ts";

/** One place that something in an operating system comes from. */
export interface Answer {
  /** The part that has it, by its path: `services.web`, `kernel`, `files`. */
  readonly part: string;
  /** One line: what the part has to do with it. */
  readonly message: string;
  /** The steps to what says so in the definition. @default the definition does not say so itself */
  readonly steps?: readonly Step[] | undefined;
  /** The image that it comes from: a reference, or the packages that it is made from. */
  readonly image?: string | undefined;
  /** The layer of the image. */
  readonly layer?: Digest | undefined;
  /** The package that it comes from; the version if a lock or a database has it. */
  readonly package?: { readonly name: string; readonly version?: string | undefined } | undefined;
  /** Who needs it: `nginx: /usr/sbin/nginx loads libssl.so.3`. @default unknown */
  readonly neededBy?: readonly string[] | undefined;
}
