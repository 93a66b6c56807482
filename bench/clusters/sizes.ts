import { join } from "node:path";
import { buildDefinition } from "../../sdk/builder/build.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { withoutSecrets } from "../../sdk/cli/stack-image.ts";
import type { StackResource } from "../../sdk/cli/stack-machines.ts";
import { definitionOf, type KeyedDefinition } from "../../sdk/definition/keyed-files.ts";
import type { Lock } from "../../sdk/resolve/lock.ts";
import type { Holding } from "../../sdk/review/held/holding.ts";
import { heldInInitrd } from "../../sdk/review/held/initrd.ts";
import type { Bytes, OsSize } from "./column.ts";

/** What a machine starts from, by role. */
const BOOTED = ["kernel", "initrd", "base-initrd", "root"];
/** What has fewer bytes is counted together. */
const LEAST_BYTES = 1_000_000;
export const OTHERS = "others";

/** An ImageBuild in a stack's state. */
interface BuildState {
  readonly inputs: { readonly image: KeyedDefinition };
  readonly outputs: {
    readonly files: readonly { readonly role: string; readonly size: number }[];
    readonly lock: Lock;
    readonly planDigest: string;
  };
}

/**
 * The exact sizes of each OS of a stack. Its parts are those of an initrd, built here of the same plan, whatever the format of the
 * machines is.
 *
 * @param kindOf what runs a build, by the resource's name
 */
export async function sizesOf(
  resources: readonly StackResource[],
  kindOf: (build: string) => string,
  folder: string,
  signal: AbortSignal,
): Promise<OsSize[]> {
  const builds = resources.filter(({ type, delete: isOld }) => type === "linuxkit:index:ImageBuild" && !isOld);
  const sizes: OsSize[] = [];
  for (const build of builds) {
    const name = build.urn?.split("::").at(-1) ?? "";
    const { inputs, outputs } = build as unknown as BuildState;
    const cacheDir = defaultCacheDir();
    const outputDir = join(folder, `sizes-${name}`);
    const definition = definitionOf(withoutSecrets(inputs.image) as KeyedDefinition);
    const built = await buildDefinition(definition, { outputDir, name: "os", lock: outputs.lock, sbom: false, signal });
    if (built.planDigest !== outputs.planDigest)
      throw new Error(`sizes of ${name}: got the plan ${built.planDigest}, wanted ${outputs.planDigest}, which the machines run`);
    const held = await heldInInitrd(join(outputDir, "os-initrd.img"), built.lock, cacheDir);
    sizes.push({
      kind: kindOf(name),
      files: bootFiles(outputs.files),
      segments: built.segments.map(({ name: segment, size }) => ({ name: segment, bytes: size })),
      packages: packagesIn(held),
    });
  }
  return sizes;
}

/** What a machine starts from, without the documents beside it. */
export function bootFiles(files: readonly { readonly role: string; readonly size: number }[]): Bytes[] {
  return files.filter(({ role }) => BOOTED.includes(role)).map(({ role, size }) => ({ name: role, bytes: size }));
}

/** The packages of each part, the small ones of a part together. */
export function packagesIn({ parts = [] }: Holding): OsSize["packages"] {
  return parts.flatMap(({ name: part, parts: owners = [] }) => {
    const large = owners.filter(({ bytes }) => bytes >= LEAST_BYTES);
    const small = owners.filter(({ bytes }) => bytes < LEAST_BYTES).reduce((sum, { bytes }) => sum + bytes, 0);
    return [...large, ...(small > 0 ? [{ name: OTHERS, bytes: small }] : [])].map(({ name, bytes }) => ({ part, name, bytes }));
  });
}
