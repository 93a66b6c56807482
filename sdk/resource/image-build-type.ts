import { buildDefinition } from "../build/build.ts";
import { planOffline } from "../build/plan-offline.ts";
import { FORMATS, type FormatName } from "../format/formats.ts";
import { imageBuildType } from "./image-build-verbs.ts";

/** `linuxkit:index:ImageBuild` with the real builder and every format that there is. */
export const imageBuild = imageBuildType({ formats: Object.keys(FORMATS) as FormatName[], build: buildDefinition, plan: planOffline });
