import type { Asked } from "./cloud.ts";
import { CLOUDS } from "./clouds.ts";
import { examine } from "./examine.ts";

/** Milliseconds that the checks may add to a preview. */
const LONGEST_MS = 1000;

/**
 * What would stop the update of a resource, in words: what the checks of `doctor` refuse, with the resource's own credentials. Empty
 * where nothing is found, and where the cloud cannot be asked or has not answered within a second: it never fails.
 *
 * @param longestMs how long it may take
 */
export async function foresee(cloud: string, asked: Asked, signal: AbortSignal, longestMs = LONGEST_MS): Promise<readonly string[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
  if (limit.aborted) return [];
  const late = new Promise<never>((_, reject) => limit.addEventListener("abort", () => reject(limit.reason), { once: true }));
  try {
    const findings = await Promise.race([found(cloud, asked, limit), late]);
    return findings
      .filter(({ level, subject }) => level === "refused" && subject !== "not checked")
      .map(({ check, subject, says, remedy }) => `${check}: ${subject}: ${says}: ${remedy}`);
  } catch {
    return [];
  }
}

async function found(cloud: string, asked: Asked, signal: AbortSignal) {
  const doctor = await CLOUDS[cloud]?.load();
  return doctor ? examine(doctor.checks(asked), signal) : [];
}
