import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { directoryEntry, fileEntry } from "../../../sdk/archive/entry.ts";
import { digestOf } from "../../../sdk/core/digest.ts";
import { tarOf } from "../../support/test-image.ts";

// compiling takes minutes where the cache lacks the programs, so only tests that use them wait for that
const { ensureKubernetesPrograms, KUBERNETES } = (await import(
  new URL("../../../scripts/kubernetes-programs.mjs", import.meta.url).href
)) as {
  ensureKubernetesPrograms(version?: string): Promise<string>;
  KUBERNETES: string;
};

export { ensureKubernetesPrograms, KUBERNETES };

/** Writes an archive as `docker save` does, of an image with BusyBox that runs a script. */
export async function writeBusyboxArchive(path: string, name: string, script: string): Promise<void> {
  const program = await readFile(execFileSync("which", ["busybox"], { encoding: "utf8" }).trim());
  const layer = await tarOf([directoryEntry("bin"), fileEntry("bin/busybox", program, 0o755), directoryEntry("tmp")]);
  const config = {
    os: "linux",
    architecture: "amd64",
    config: { Entrypoint: ["/bin/busybox", "sh", "-c", script] },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  };
  const manifest = [{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }];
  const files = { "manifest.json": JSON.stringify(manifest), "config.json": JSON.stringify(config), "layer.tar": layer };
  await writeFile(path, await tarOf(Object.entries(files).map(([file, content]) => fileEntry(file, content))));
}

/** Stands in for the image that holds a pod's namespaces: it waits, and ends when it is asked to. */
export const PAUSE = { name: "registry.k8s.io/pause:3.10", script: "trap 'exit 0' TERM INT; while :; do busybox sleep 3600 & wait; done" };
/** A page that names the pod. */
export const WEB = {
  name: "localhost/web:1",
  script: "cd /tmp; busybox hostname >index.html; trap 'exit 0' TERM; busybox httpd -f -p 80 -h /tmp & wait",
};
