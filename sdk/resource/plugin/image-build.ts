import { buildDefinition } from "../../builder/build.ts";
import { pull } from "../../builder/pull.ts";
import { planOffline } from "../../builder/plan-offline.ts";
import { FORMATS, type FormatName } from "../../format/formats.ts";
import type { Builder } from "./builder.ts";
import { imageBuildType } from "./image-build-verbs.ts";

/** The real builder, with every format that there is. */
export const builder: Builder = { formats: Object.keys(FORMATS) as FormatName[], build: buildDefinition, pull, plan: planOffline };

/** `linuxkit:index:ImageBuild` with it. */
export const imageBuild = imageBuildType(builder);
