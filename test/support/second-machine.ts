import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { BuildOptions, Built } from "../../sdk/builder/build.ts";
import type { Definition } from "../../sdk/definition/definition.ts";

const PROGRAM = fileURLToPath(new URL("./build-without-compressors.ts", import.meta.url));

/** Builds in another process, which cannot compress. If it fails, throws its error output. */
export async function buildWithoutCompressors(
  definition: Definition,
  options: BuildOptions,
  login?: { readonly username: string; readonly password: string },
): Promise<Built> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ["pipe", "pipe", "pipe"], timeout: 240_000 });
  child.stdin.end(JSON.stringify({ definition, options, login }));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (child.exitCode !== 0) throw new Error(err);
  return JSON.parse(out) as Built;
}
