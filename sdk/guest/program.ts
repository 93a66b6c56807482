import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ARCHES, type Arch } from "../core/arch.ts";
import type { Digest } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";

/** The guest's programs: PID 1, with most of what tasks run; the task for secrets, and what the machine itself does over TLS. */
export const GUEST_PROGRAMS = ["linuxkitd", "linuxkit-cluster", "linuxkit-secrets", "linuxkit-tls"] as const;
export type GuestProgramName = (typeof GUEST_PROGRAMS)[number];

/** A program of the guest for one architecture. */
export interface GuestProgram {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

// beside the compiled sources, or in dist of the repository
const FOLDERS = ["../../guest/", "../../dist/guest/"].map((folder) => new URL(folder, import.meta.url));

type Programs = Readonly<Record<Arch, Readonly<Record<GuestProgramName, GuestProgram>>>>;

let programs: Programs | undefined;

/**
 * A program of the guest: `sdk/guest/linuxkitd`, which `npm run build` compiles.
 *
 * @throws TOOL_MISSING in a clone of the repository where it was not built
 */
export function guestProgram(arch: Arch, name: GuestProgramName = "linuxkitd"): GuestProgram {
  programs ??= JSON.parse(readFileSync(new URL("programs.json", programFolder()), "utf8")) as Programs;
  return programs[arch][name];
}

/** The path of a program's file. @throws NOT_FOUND for a digest of another release */
export function guestProgramPath(digest: Digest): string {
  const all = ARCHES.flatMap((arch) => GUEST_PROGRAMS.map((name) => ({ arch, name })));
  const found = all.find(({ arch, name }) => guestProgram(arch, name).digest === digest);
  if (!found)
    throw new LinuxKitError("NOT_FOUND", `the guest's program ${digest} is of another release of this package: make the plan again`, {
      what: digest,
    });
  return fileURLToPath(new URL(`${found.name}-${found.arch}`, programFolder()));
}

function programFolder(): URL {
  const found = FOLDERS.find((folder) => existsSync(new URL("programs.json", folder)));
  if (!found)
    throw new LinuxKitError("TOOL_MISSING", "the guest's program was not built: run npm run build, which needs Go 1.25 or newer", {
      tool: "go",
    });
  return found;
}
