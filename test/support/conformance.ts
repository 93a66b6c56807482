import { readdirSync, readFileSync } from "node:fs";
import type { ImageSource } from "../../sdk/definition/debian-image.ts";
import type { ImageConfig } from "../../sdk/oci/image-config.ts";

const ROOT = new URL("../fixtures/conformance/", import.meta.url);

/** Names of the cases, without `.yml`. */
export function cases(kind: "accepted" | "refused"): string[] {
  return readdirSync(new URL(`${kind}/`, ROOT))
    .filter((name) => name.endsWith(".yml"))
    .map((name) => name.slice(0, -".yml".length))
    .sort();
}

/** The YAML of a case. */
export function yamlOf(kind: "accepted" | "refused", name: string): string {
  return readFileSync(new URL(`${kind}/${name}.yml`, ROOT), "utf8");
}

/** One path of the tree that LinuxKit makes. */
export interface TreePath {
  readonly type: string;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly link?: string;
  readonly sha256?: string;
  readonly size?: number;
  readonly json?: object;
}

/** The tree that LinuxKit makes of an accepted case. */
export function treeOf(name: string): Record<string, TreePath> {
  return JSON.parse(readFileSync(new URL(`accepted/${name}.json`, ROOT), "utf8"));
}

/** The `config` member of each image's configuration, by the image's full reference. */
export const IMAGE_CONFIGS: Record<
  string,
  { Entrypoint?: string[]; Cmd?: string[]; Env?: string[]; WorkingDir?: string; Labels?: Record<string, string> }
> = JSON.parse(readFileSync(new URL("image-configs.json", ROOT), "utf8"));

/** The container configuration in an image of the cases. */
export function imageConfigOf(image: ImageSource): ImageConfig {
  const config = typeof image === "string" ? IMAGE_CONFIGS[`docker.io/${image}`] : undefined;
  if (!config) throw new Error(`image not found in the cases: ${JSON.stringify(image)}`);
  return {
    entrypoint: config.Entrypoint ?? [],
    cmd: config.Cmd ?? [],
    env: config.Env ?? [],
    workingDir: config.WorkingDir ?? "",
    user: "",
    stopSignal: "",
    label: JSON.parse(config.Labels?.["org.mobyproject.config"] ?? "{}"),
  };
}
