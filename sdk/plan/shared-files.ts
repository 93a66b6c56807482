import type { Arch } from "../core/arch.ts";
import { mergedPath } from "../debian/merged-usr.ts";
import { plainPath } from "../definition/file.ts";
import { PROGRAM } from "../guest/files.ts";
import type { MachineDescription } from "../guest/description.ts";
import type { ResolvedImage } from "../resolve/resolve.ts";
import type { LayoutStep, PlanStep, UnpackStep } from "./plan.ts";
import { isDebian } from "./source.ts";

/** Debian's folder of libraries (https://wiki.debian.org/Multiarch/Tuples), in a merged /usr. */
const LIBRARIES: Readonly<Record<Arch, string>> = {
  amd64: "usr/lib/x86_64-linux-gnu",
  arm64: "usr/lib/aarch64-linux-gnu",
  s390x: "usr/lib/s390x-linux-gnu",
};

/** The package whose libraries nearly every image has: 2 MB. In it a soname is the file itself, elsewhere a symlink. */
const LIBC = "libc6";

/**
 * A container's tree, with the files that it shares with the init's image: those of the same package, byte for byte. A tree
 * with user ids of its own shares nothing, and neither does a file that the image replaces.
 */
export function withShared<Step extends UnpackStep | LayoutStep>(step: Step, init: readonly ResolvedImage[], arch: Arch): Step {
  if (step.kind !== "unpack" || step.place !== "container" || step.idBase || !isDebian(step.source)) return step;
  const { packages, debian } = step.source;
  const mine = sonamesOf(packages);
  const own = new Set(debian.files.map(({ path }) => mergedPath(plainPath(path))));
  const shared = init.flatMap((image) => {
    const theirs = "debian" in image ? sonamesOf(image.packages) : undefined;
    if (!mine || theirs?.sha256 !== mine.sha256) return [];
    return mine.sonames.filter((soname) => theirs.sonames.includes(soname)).map((soname) => `${LIBRARIES[arch]}/${soname}`);
  });
  const files = shared.filter((file) => !own.has(file));
  return files.length > 0 ? { ...step, shared: files } : step;
}

/** The links that the guest makes for the shared files of steps. */
export function sharedLinks(steps: readonly PlanStep[]): NonNullable<MachineDescription["shared"]> {
  const names = new Map<string, string[]>();
  const link = (file: string, name: string): unknown => names.set(`/${file}`, [...(names.get(`/${file}`) ?? []), `/${name}`]);
  for (const step of steps) {
    if (step.kind === "unpack") for (const file of step.shared ?? []) link(file, `${step.prefix}/${file}`);
    if (step.kind === "entry" && step.shared) link(PROGRAM, step.path);
  }
  return [...names].map(([file, all]) => ({ file, names: all }));
}

function sonamesOf(
  packages: Extract<ResolvedImage, { debian: unknown }>["packages"],
): { readonly sha256: string; readonly sonames: readonly string[] } | undefined {
  const found = packages.find(({ name }) => name === LIBC);
  return found && typeof found.keep === "object" ? { sha256: found.sha256, sonames: found.keep.sonames } : undefined;
}
