import { join } from "node:path";
import { ensureKubernetesPrograms, KUBERNETES, PAUSE, WEB, writeBusyboxArchive } from "../../test/kubernetes/support/programs.ts";
import { freePort, freePorts } from "../../test/support/free-port.ts";
import type { PartName } from "./column.ts";
import { MEMORY_MIB } from "./work.ts";

/** The configuration of the project for a part. */
export interface Settings {
  readonly config: Readonly<Record<string, string>>;
  /** Where the first machine answers for the workload. */
  readonly url: string;
}

/** Chooses ports, and writes the images that no registry has: every part runs the same one. */
export async function settingsOf(part: Exclude<PartName, "debian">, folder: string): Promise<Settings> {
  const port = await freePorts(3);
  const archives: string[] = [];
  for (const { name, script } of part === "kubernetes" ? [PAUSE, WEB] : part === "bare" ? [] : [WEB]) {
    archives.push(join(folder, `image-${archives.length}.tar`));
    await writeBusyboxArchive(archives.at(-1) as string, name, script);
  }
  const config = {
    ...{ part, mark: "1", port: String(port), memoryMiB: String(MEMORY_MIB), archives: JSON.stringify(archives) },
    workload: JSON.stringify({ image: WEB.name, script: WEB.script }),
    ...(part === "kubernetes" && {
      ...{ version: KUBERNETES, programs: await ensureKubernetesPrograms(), apiPort: String(await freePort()) },
    }),
  };
  return { config, url: `http://127.0.0.1:${port}/` };
}
