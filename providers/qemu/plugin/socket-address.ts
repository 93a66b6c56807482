import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { LinuxKitError } from "../../../sdk/core/errors.ts";

/**
 * A path of a socket in a machine's folder within the 103 bytes that every system allows (unix(7): 107 on Linux). A longer
 * path goes through the descriptor of the opened folder.
 */
export async function shortAddress(folder: string, name: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= 103) return { path, async [Symbol.asyncDispose]() {} };
  if (process.platform !== "linux") {
    throw new LinuxKitError(
      "UNSUPPORTED",
      `${path}: got a socket path of ${Buffer.byteLength(path)} bytes, wanted at most 103: set PULUMI_LINUXKIT_STATE to a shorter folder`,
      { what: path },
    );
  }
  const handle: FileHandle = await open(folder);
  return { path: `/proc/self/fd/${handle.fd}/${name}`, [Symbol.asyncDispose]: () => handle.close() };
}
