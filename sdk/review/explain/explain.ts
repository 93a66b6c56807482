import type { Definition } from "../../definition/definition.ts";
import type { Lock } from "../../resolve/lock.ts";
import type { Answer } from "./answer.ts";
import { explainBuiltPath } from "./built-path.ts";
import { explainCapability } from "./capability.ts";
import { explainPackage } from "./package.ts";
import { explainPath } from "./path.ts";
import { explainPort } from "./port.ts";
import type { Question } from "./question.ts";

/** An operating system that is asked about. */
export interface Explained {
  readonly definition: Definition;
  /** What a build of it pinned. @default unknown: packages have no versions, and only those that the definition names are found */
  readonly lock?: Lock | undefined;
  /** The path of its initrd's file. @default the files of its images are not looked at */
  readonly initrd?: string | undefined;
  /** The folder of the cache, where builds keep what they have read of packages. */
  readonly cacheDir: string;
}

/** Where something comes from, and who needs it. @returns nothing if the operating system does not have it */
export async function explain(question: Question, { definition, lock, initrd, cacheDir }: Explained): Promise<Answer[]> {
  switch (question.kind) {
    case "capability":
      return explainCapability(definition, question.name);
    case "port":
      return explainPort(definition, question.port, question.protocol);
    case "package":
      return explainPackage(definition, question.name, lock, cacheDir);
    case "path": {
      const defined = explainPath(definition, question.path);
      const built = initrd && lock ? await explainBuiltPath(initrd, question.path, { definition, lock, cacheDir }) : [];
      return [...defined, ...built];
    }
  }
}
