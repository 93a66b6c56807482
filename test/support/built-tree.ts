import { createReadStream } from "node:fs";
import { createHash } from "node:crypto";
import { readTar } from "../../sdk/archive/read-tar.ts";
import type { TreePath } from "./conformance.ts";

const TYPE_NAMES: Readonly<Record<string, string>> = { directory: "dir" };

/** The tree that a tar file unpacks to, in the form of the conformance cases. For a path that occurs twice, the last entry counts. */
export async function builtTree(file: string): Promise<Record<string, TreePath>> {
  const tree: Record<string, TreePath> = {};
  for await (const { path, type, mode, uid, gid, link, body } of readTar(createReadStream(file))) {
    const common = {
      type: TYPE_NAMES[type] ?? type,
      mode: mode.toString(8).padStart(4, "0"),
      uid,
      gid,
      ...(link !== undefined && { link }),
    };
    if (type !== "file") tree[path] = common;
    else {
      const chunks: Uint8Array[] = [];
      const hash = createHash("sha256");
      for await (const chunk of body) {
        hash.update(chunk);
        chunks.push(chunk);
      }
      const content = Buffer.concat(chunks);
      tree[path] = /^containers\/[a-z]+\/[^/]+\/(config|runtime)\.json$/.test(path)
        ? { ...common, json: JSON.parse(content.toString()) }
        : { ...common, sha256: hash.digest("hex"), size: content.length };
    }
  }
  return tree;
}
