import type { Origins } from "../builder/origins.ts";
import type { Lock } from "../resolve/lock.ts";
import { pairs, readKeys } from "./pairs.ts";
import { readLock } from "./read-lock.ts";

/** Options that say where packages and images come from, and which versions; for `parseArgs`. */
export const SOURCE_OPTIONS = {
  mirror: { type: "string" },
  "security-mirror": { type: "string" },
  "snapshot-mirror": { type: "string" },
  "registry-mirror": { type: "string", multiple: true, default: [] },
  verify: { type: "string", multiple: true, default: [] },
  lock: { type: "string" },
} satisfies Readonly<Record<string, { readonly type: "string"; readonly multiple?: true; readonly default?: string[] }>>;

/** Those options, as `--help` shows them. */
export const SOURCE_HELP = `  --mirror URL      the Debian mirror                          [the host's apt sources]
  --security-mirror URL, --snapshot-mirror URL
                    Debian's security mirror, and the mirror of its past states
  --registry-mirror REGISTRY=URL
                    pull from here instead; repeatable
  --verify NAME=FILE  a public key (PEM) for a registry or repository; repeatable
  --lock FILE       use the versions that an earlier build wrote there`;

/** What was typed for them. */
export interface SourceValues {
  readonly mirror?: string | undefined;
  readonly "security-mirror"?: string | undefined;
  readonly "snapshot-mirror"?: string | undefined;
  readonly "registry-mirror": readonly string[];
  readonly verify: readonly string[];
  readonly lock?: string | undefined;
}

/** The options of a build that they mean. @throws UsageError, NOT_FOUND, INVALID_DEFINITION */
export async function sourceOptions(values: SourceValues): Promise<Omit<Origins, "registryAuth"> & { readonly lock?: Lock | undefined }> {
  return {
    debianMirror: values.mirror,
    debianSecurityMirror: values["security-mirror"],
    debianSnapshot: values["snapshot-mirror"],
    registryMirrors: pairs("--registry-mirror", "REGISTRY=URL", values["registry-mirror"]),
    verify: await readKeys(values.verify),
    lock: values.lock === undefined ? undefined : await readLock(values.lock),
  };
}
