import type { Built } from "../builder/build.ts";
import type { Terminal } from "./command.ts";

/** Prints an artifact: as JSON, or a line for each file, as sha256sum writes it but with the size, and where it was pushed to. */
export function showArtifact(artifact: Built, { json }: { readonly json: boolean }, terminal: Terminal): void {
  if (json) return terminal.print(JSON.stringify(artifact, null, 2));
  for (const { path, size, sha256 } of artifact.files) terminal.print(`${sha256}  ${String(size).padStart(12)}  ${path}`);
  if (artifact.pushed !== undefined) terminal.print(artifact.pushed);
}
