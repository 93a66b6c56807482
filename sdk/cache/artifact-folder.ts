/** The cache's folder of finished artifacts: each has a folder named by the hexadecimal digits of its digest. */
export const ARTIFACTS = "artifacts";

/** The file in an artifact's folder that records what it was built from, enough to rebuild it. Its times mark the artifact's last use. */
export const ARTIFACT_RECORD = ".build.json";
