import { type DebianImage, debianImageSchema } from "../../definition/debian-image.ts";
import { fields } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

const { runtime } = debianImageSchema.shape.debian.shape;
/** The schema of {@link InitArgs}. */
export const initSchema = fields({ runtime });

/** Arguments of `debian.init`. */
export interface InitArgs {
  /** The program that runs containers: `crun` starts one three times as fast as `runc`, and is 1.5 MB smaller. @default "crun" */
  readonly runtime?: "crun" | "runc" | undefined;
}

/**
 * What the guest's own init runs on: the program that runs containers.
 *
 * @param args `runtime`: `crun` (default) starts a container three times as fast as `runc`, and is 1.5 MB smaller
 */
export function init(args: InitArgs = {}): DebianImage {
  const { runtime = "crun" } = checked("debian.init", initSchema, args);
  return debianImage({ role: "init", runtime, packages: [runtime] });
}

/** BusyBox as the shell of an image. The shell finds the other applets in itself. */
export const BUSYBOX_SHELL = Object.freeze({ path: "bin/sh", symlink: "busybox" });
