import { buildDefinition, resolveContext } from "../../builder/build.ts";
import { upgradedLock } from "../../builder/upgrade.ts";
import { pull } from "../../builder/pull.ts";
import { planOffline } from "../../builder/plan-offline.ts";
import type { Builder } from "./builder.ts";
import { imageBuildType } from "./image-build.ts";

/** The real builder. */
export const builder: Builder = {
  build: buildDefinition,
  pull,
  newest: (definition, lock, options) => upgradedLock(definition, lock, resolveContext(options)),
  plan: planOffline,
};

/** `linuxkit:index:ImageBuild` with it. */
export const imageBuild = imageBuildType(builder);
