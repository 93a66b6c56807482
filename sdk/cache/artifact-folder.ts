/** Where finished artifacts are in the cache: a folder each, named by the hexadecimal digits of its digest. */
export const ARTIFACTS = "artifacts";

/** In an artifact's folder: what it was built from. It is small, and enough to build the files again. Its times are the artifact's last use. */
export const ARTIFACT_RECORD = ".build.json";
