import { openSession } from "../cache/session.ts";
import { kernelConfig } from "../debian/kernel.ts";
import { ensureDebs } from "../debian/fetch-debs.ts";
import type { Definition } from "../definition/definition.ts";
import type { Lock } from "../resolve/lock.ts";
import { resolve } from "../resolve/resolve.ts";
import { isDebian, sourceOf } from "../plan/source.ts";
import { debianOptions, originSources, type ResolveContext } from "./origins.ts";

/**
 * The configuration that a definition's kernel was built with, as text. The kernel's package is taken from the lock, or
 * resolved, and fetched if the cache lacks it. `undefined` for a kernel that does not come from Debian: such an image does
 * not contain its configuration.
 *
 * @throws NO_MIRROR, NETWORK, SIGNATURE_INVALID, PACKAGE_UNAVAILABLE, CANCELLED
 */
export async function kernelConfigOf(
  definition: Pick<Definition, "kernel">,
  context: Omit<ResolveContext, "folder">,
  lock?: Lock,
): Promise<string | undefined> {
  const { kernel } = definition;
  if (!kernel || typeof kernel.image === "string") return undefined;
  const resolveContext: ResolveContext = { ...context, folder: "." };
  using _session = openSession(context.cacheDir);
  const alone: Definition = { kernel, init: [], onboot: [], onshutdown: [], services: {}, volumes: {}, files: [] };
  const { images } = await resolve(alone, { arch: context.arch, sources: originSources(resolveContext), lock, signal: context.signal });
  const image = images.get("kernel.image");
  const source = image && sourceOf(image);
  const [deb] = source && isDebian(source) ? source.packages : [];
  if (!deb) return undefined;
  const options = debianOptions(resolveContext);
  await ensureDebs([deb], options);
  return kernelConfig(deb, options);
}
