import type { SegmentOrigin } from "../cache/segment-store.ts";
import type { CacheOption } from "./registry-cache.ts";
import { keyOf } from "../sign/key.ts";
import { keysFor, type VerifyRules } from "../sign/verify-rules.ts";
import { parseRepositoryName } from "./repository-name.ts";

/** Whether an entry may be used now: what came without a signature stays in the cache when signatures are asked for later. */
export type Trusts = (origin: SegmentOrigin) => boolean;

/**
 * The trust of a build, by the rules of `CacheOption.sign` and `verify`.
 *
 * @throws INVALID_DEFINITION for a malformed rule or key
 */
export function trustIn({ sign }: CacheOption = {}, verify?: VerifyRules): Trusts {
  const signer = sign === undefined ? undefined : keyOf(sign, "cache.sign");
  return (origin) => {
    const keys = keysFor(parseRepositoryName(origin.repository, "cache"), verify) ?? (signer && [signer]);
    return keys === undefined || keys.some(({ hint }) => hint === origin.signer);
  };
}
