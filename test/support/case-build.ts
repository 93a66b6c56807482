import { join } from "node:path";
import { build, type BuildOptions, type Built } from "../../sdk/builder/build.ts";
import { Image } from "../../sdk/definition/image.ts";
import { builtTree } from "./built-tree.ts";
import type { TreePath } from "./conformance.ts";

/** Where and how the cases are built: a folder with its own cache, without this machine's registry logins. */
export function buildIn(folder: string, options: Partial<BuildOptions> = {}): BuildOptions {
  return { outputDir: folder, cacheDir: join(folder, "cache"), folder, name: "os", registryAuth: async () => undefined, ...options };
}

/** Builds YAML in the format `tar`, and unpacks the result. */
export async function buildTree(
  yaml: string,
  folder: string,
  options: Partial<BuildOptions> = {},
): Promise<{ readonly tree: Record<string, TreePath>; readonly built: Built }> {
  const built = await build(Image.fromYaml(yaml), buildIn(folder, { format: "tar", ...options }));
  return { tree: await builtTree(built.files[0]?.path as string), built };
}
