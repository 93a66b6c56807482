import { buildDefinition } from "../../builder/build.ts";
import { newestLock } from "../../builder/newest-lock.ts";
import { pull } from "../../builder/pull.ts";
import { planOffline } from "../../builder/plan-offline.ts";
import type { Builder } from "./builder.ts";
import { imageBuildType } from "./image-build.ts";

/** The real builder. */
export const builder: Builder = { build: buildDefinition, pull, newest: newestLock, plan: planOffline };

/** `linuxkit:index:ImageBuild` with it. */
export const imageBuild = imageBuildType(builder);
