import { statSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { makeFolderSync } from "./make-folder.ts";

/**
 * Keeps the compiled code of every module that is loaded from now on in the folder `compiled` of a cache, where the next
 * start finds it. Only for executables. Code runs from there, so it does nothing where another user may write to the
 * folder, and nothing where the folder cannot be made. Node itself honours NODE_DISABLE_COMPILE_CACHE and NODE_COMPILE_CACHE.
 */
export function keepCompiledCode(cacheDir: string): void {
  const folder = join(cacheDir, "compiled");
  try {
    makeFolderSync(folder, 0o700);
    if (isOwn(folder) && isOwn(cacheDir)) module.enableCompileCache(folder);
  } catch {
    // a cache that cannot be used costs only time
  }
}

function isOwn(folder: string): boolean {
  const user = process.getuid?.();
  // Windows has neither owners in this sense nor these bits: a profile belongs to its user
  if (user === undefined) return true;
  const { uid, mode } = statSync(folder);
  return uid === user && (mode & 0o022) === 0;
}
