import { openSession } from "../cache/session.ts";
import type { Definition } from "../definition/definition.ts";
import { loaderPackages } from "../format/formats.ts";
import type { Lock } from "../resolve/lock.ts";
import { resolve } from "../resolve/resolve.ts";
import { type BuildOptions, formatsOf, resolveContext } from "./build.ts";
import { lockLoaders } from "./loaders.ts";
import { originSources } from "./origins.ts";

/** The options of a build that decide which versions it takes. */
export type NewestOptions = Pick<BuildOptions, "arch" | "format" | "formats" | "cacheDir" | "folder" | "onProgress" | "signal"> &
  Pick<BuildOptions, "debianMirror" | "debianSecurityMirror" | "debianSnapshot" | "registryMirrors" | "registryAuth" | "verify">;

/**
 * The lock that a build with `update: "always"` would have now. It builds nothing.
 *
 * @throws NO_MIRROR, NETWORK, SIGNATURE_INVALID, PACKAGE_UNAVAILABLE, NOT_FOUND, CANCELLED
 */
export async function newestLock(definition: Definition, options: NewestOptions): Promise<Lock> {
  const context = resolveContext(options);
  using _session = openSession(context.cacheDir);
  const sources = originSources(context);
  const { arch, signal } = context;
  const loaders = await lockLoaders(loaderPackages(formatsOf(options), arch), { arch, update: "always" }, sources);
  const { lock } = await resolve(definition, { arch, sources, update: "always", signal });
  return { ...lock, ...(loaders && { loaders }) };
}
