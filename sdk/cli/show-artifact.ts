import type { Built } from "../builder/build.ts";
import type { Terminal } from "./command.ts";

/** Prints an artifact as JSON, or as lines: sha256, size in bytes and path of each file, then the reference it was pushed to. */
export function showArtifact(artifact: Built, { json }: { readonly json: boolean }, terminal: Terminal): void {
  if (json) return terminal.print(JSON.stringify(artifact, null, 2));
  for (const { path, size, sha256 } of artifact.files) terminal.print(`${sha256}  ${String(size).padStart(12)}  ${path}`);
  if (artifact.pushed !== undefined) terminal.print(artifact.pushed);
}
