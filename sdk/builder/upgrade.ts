import { openSession } from "../cache/session.ts";
import type { Definition } from "../definition/definition.ts";
import type { Lock } from "../resolve/lock.ts";
import { resolve } from "../resolve/resolve.ts";
import { lockLoaders } from "./loaders.ts";
import { type OriginSources, originSources, type ResolveContext } from "./origins.ts";

/**
 * The lock that a build with `update: "always"` would have: today's versions and digests of everything that a definition names,
 * and of the boot loaders that its lock has. Nothing is built.
 *
 * @param sources where versions are looked up @default Debian's mirror and the registries of `context`
 * @throws NO_MIRROR, NETWORK, NOT_FOUND, SIGNATURE_INVALID, INVALID_DEFINITION, CANCELLED
 */
export async function upgradedLock(
  definition: Definition,
  { loaders }: Lock,
  context: ResolveContext,
  sources: OriginSources = originSources(context),
): Promise<Lock> {
  const { arch, cacheDir, signal } = context;
  using _session = openSession(cacheDir);
  const { lock } = await resolve(definition, { arch, sources, update: "always", signal });
  const newer = await lockLoaders(Object.keys(loaders ?? {}), { arch, update: "always" }, sources);
  return newer ? { ...lock, loaders: newer } : lock;
}
