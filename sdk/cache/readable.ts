import { constants } from "node:fs";
import { access } from "node:fs/promises";

/** Whether this user may read a file of the cache. Another user's file counts as missing, and is replaced. */
export function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
