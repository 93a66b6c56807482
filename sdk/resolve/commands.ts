import type { Definition } from "../definition/definition.ts";
import { type Bundle, bundles } from "../runtime/bundle.ts";
import type { Resolved, ResolvedImage } from "./resolve.ts";

/** A command that runs in a container of an image made from packages, as its runtime will see it. */
export interface Command {
  /** Its path in the definition: `services.web.command`. */
  readonly location: string;
  readonly program: string;
  readonly image: Extract<ResolvedImage, { debian: unknown }>;
  /** The folders of PATH, absolute. */
  readonly folders: readonly string[];
  readonly cwd: string;
  /** Where something is mounted in the container, absolute. */
  readonly mounts: readonly string[];
}

/** What a runtime reads of `config.json` (OCI runtime specification, config.md), and LinuxKit of `runtime.json`. */
interface Config {
  readonly process: { readonly args?: readonly string[]; readonly env?: readonly string[]; readonly cwd: string };
  readonly mounts?: readonly { readonly destination: string }[];
}

/**
 * The commands of a definition's containers whose images are made from packages, and those of their health checks. Left out
 * is what cannot be known: a name without a PATH to seek it in, and containers in whose folders the definition puts files.
 */
export function commandsOf({ definition, images, arch }: Resolved): Command[] {
  const image = (location: string): ResolvedImage => images.get(`${location}.image`) as ResolvedImage;
  if (filesOfContainers(definition)) return [];
  return bundles(definition, (_, location) => image(location).config, arch).flatMap((bundle) => {
    const resolved = image(bundle.location);
    return "debian" in resolved ? commandsIn(bundle, resolved) : [];
  });
}

function commandsIn({ location, path, container, config, runtime }: Bundle, image: Command["image"]): Command[] {
  const { process, mounts = [] } = JSON.parse(config) as Config;
  const search = process.env?.find((pair) => pair.startsWith("PATH="));
  const folders = (search?.slice("PATH=".length) ?? "").split(":").filter((folder) => folder.startsWith("/"));
  const outside = (JSON.parse(runtime) as Pick<Config, "mounts">).mounts ?? [];
  const view = { image, folders, cwd: process.cwd, mounts: [...mounts.map(({ destination }) => destination), ...insideOf(path, outside)] };
  const wanted = [
    { location: `${location}.command`, program: process.args?.[0] },
    { location: `${location}.health.command`, program: container.health?.command?.[0] },
  ];
  return wanted.flatMap(({ location: at, program }) =>
    program === undefined || (!program.includes("/") && search === undefined) ? [] : [{ ...view, location: at, program }],
  );
}

/** The mounts of `runtime.json` below a container's root, where they are in the container; relative ones are below it. */
function insideOf(path: string, mounts: readonly { readonly destination: string }[]): string[] {
  const root = `/${path}/rootfs/`;
  return mounts.flatMap(({ destination }) => {
    if (!destination.startsWith("/")) return [`/${destination}`];
    return destination.startsWith(root) ? [destination.slice(root.length - 1)] : [];
  });
}

function filesOfContainers({ files }: Definition): boolean {
  return files.some(({ path }) => /^\/*containers\//.test(path));
}
