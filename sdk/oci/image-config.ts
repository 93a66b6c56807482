/**
 * What an image says about the container made from it: the members of an OCI image configuration that LinuxKit
 * reads (image-spec, config.md), and the fields of its `org.mobyproject.config` label. An image made from Debian
 * packages has one too. Precedence in a container: definition, then label, then the rest.
 */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  /** `""` when the image names none. */
  readonly workingDir: string;
  /** The parsed label: container fields under LinuxKit's own names. */
  readonly label: Readonly<Record<string, unknown>>;
}
