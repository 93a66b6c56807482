import type { Definition } from "../definition/definition.ts";
import type { Bundle } from "../runtime/bundle.ts";

/**
 * What a container may mount an overlay by: its own description, a capability (capabilities(7): CAP_SYS_ADMIN), or a user
 * namespace, which is open to all where a task sets Debian's switch. The guest's `Overlays` in `container.go` asks the same
 * of those before the machine is healthy.
 */
const MAY_MOUNT = /"overlay"|CAP_SYS_ADMIN|unprivileged_userns_clone/;

/**
 * Modules by default that nothing in the guest can use: the overlay filesystem, which is 350 KB. A volume in memory is an
 * overlay too.
 */
export function needlessModules(
  laidOut: readonly Pick<Bundle, "readonly" | "config" | "runtime">[],
  volumes: Definition["volumes"],
): readonly string[] {
  const mounts = laidOut.some(({ readonly, config, runtime }) => !readonly || MAY_MOUNT.test(config) || MAY_MOUNT.test(runtime));
  const inMemory = Object.values(volumes).some(({ persistent }) => !persistent);
  return mounts || inMemory ? [] : ["overlay"];
}
