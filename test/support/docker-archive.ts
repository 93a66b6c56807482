import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { directoryEntry, fileEntry } from "../../sdk/archive/entry.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { tarOf } from "./test-image.ts";

/** A page that says how often the container was started and asked to end. */
const PAGE = "/data/index.html";
const COMMAND = `echo start >>${PAGE}; trap 'echo end >>${PAGE}; exit' TERM; busybox httpd -f -p 80 -h /data & wait`;

/** The image `web:1`, whose page on port 80 this is, in an archive as `docker save` writes it (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format"). */
export async function writeDockerArchive(path: string): Promise<void> {
  const program = await readFile(execFileSync("which", ["busybox"], { encoding: "utf8" }).trim());
  const layer = await tarOf([directoryEntry("bin"), fileEntry("bin/busybox", program, 0o755), directoryEntry("data")]);
  const config = {
    os: "linux",
    architecture: "amd64",
    config: { Cmd: ["/bin/busybox", "sh", "-c", COMMAND] },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  };
  const manifest = [{ Config: "config.json", RepoTags: ["web:1"], Layers: ["layer.tar"] }];
  const files = { "manifest.json": JSON.stringify(manifest), "config.json": JSON.stringify(config), "layer.tar": layer };
  await writeFile(path, await tarOf(Object.entries(files).map(([name, content]) => fileEntry(name, content))));
}
