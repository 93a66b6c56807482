import { SegmentStore } from "../cache/segment-store.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { findFault } from "../debian/find-program.ts";
import { contentsReader } from "../debian/lock-packages.ts";
import { debDigest } from "../debian/locked.ts";
import type { AdviceSources } from "../debian/program-advice.ts";
import { refusal } from "../debian/refusal.ts";
import { openRepository } from "../debian/repository.ts";
import { type Command, commandsOf } from "../resolve/commands.ts";
import type { Resolved } from "../resolve/resolve.ts";
import { imagePrograms } from "./image-programs.ts";
import { debianOptions, type ResolveContext } from "./origins.ts";

/**
 * Checks that every command of an image made from packages can run there: the program, the interpreter of a script, the
 * loader, and the links on the way. What a mount covers is not checked.
 *
 * @throws NOT_FOUND naming each such command, what is missing, and the package to add
 */
export async function checkCommands(resolved: Resolved, context: ResolveContext): Promise<void> {
  const segments = new SegmentStore(context.cacheDir);
  const faults: string[] = [];
  let sources: Promise<AdviceSources | undefined> | undefined;
  for (const command of commandsOf(resolved)) {
    const { program, folders, cwd, mounts, image, location } = command;
    const programs = await imagePrograms(image, { ...context, segments });
    const fault = findFault(program, { programs, folders, cwd, isCovered: covers(mounts) });
    if (!fault) continue;
    sources ??= adviceSources(context);
    const { debian, packages } = image;
    const why = await refusal({ program, fault, debian, packages, programs }, await sources);
    faults.push(`${location}: got ${JSON.stringify(program)}, ${why}`);
  }
  if (faults.length > 0) throw new LinuxKitError("NOT_FOUND", faults.join("\n"), { what: "command" });
}

function covers(mounts: Command["mounts"]): (path: string) => boolean {
  const folders = mounts.map((mount) => mount.replace(/\/+$/, ""));
  return (path) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

/** Debian's indexes, which a locked build does not need; undefined if no mirror answers. */
async function adviceSources(context: ResolveContext): Promise<AdviceSources | undefined> {
  const options = debianOptions(context);
  try {
    const repository = await openRepository(options);
    return { repository, ...contentsReader(repository, options), open: (deb) => context.store.open(debDigest(deb)) };
  } catch (error) {
    if (["NO_MIRROR", "NETWORK", "TIMEOUT", "ACCESS_DENIED"].some((code) => isLinuxKitError(error) && error.code === code))
      return undefined;
    throw error;
  }
}
