import type { EffectiveFields } from "./effective.ts";
import { type Mount, mountOf } from "./mounts.ts";

/** Where a container's root filesystem comes from. Paths are relative to the root of the OS. */
export interface RootFilesystem {
  /** The container's own folder: `containers/services/web`. */
  readonly bundle: string;
  /** The folder of its unpacked image: below its own folder, or below that of the first container with the same image. */
  readonly tree: string;
  readonly readonly: boolean;
}

/**
 * LinuxKit's `runtime.json`: what the machine does before and after it starts the container. The mounts of its root
 * filesystem come first. Every member is present.
 */
export function runtimeJson({ runtime = {} }: EffectiveFields, root: RootFilesystem): object {
  const { cgroups = [], mounts = [], mkdir = [], interfaces = [], bindNS = {}, namespace = "" } = runtime;
  return {
    cgroups,
    mounts: [...rootMounts(root), ...mounts.map(plainMount)],
    mkdir,
    interfaces: interfaces.map(({ name, add, createInRoot = false, peer }) => ({
      name,
      ...(add && { add }),
      createInRoot,
      ...(peer && { peer }),
    })),
    bindNS: {
      cgroup: bindNS.cgroup ?? "",
      ipc: bindNS.ipc ?? "",
      mnt: bindNS.mnt ?? "",
      net: bindNS.net ?? "",
      pid: bindNS.pid ?? "",
      user: bindNS.user ?? "",
      uts: bindNS.uts ?? "",
    },
    namespace,
  };
}

function rootMounts({ bundle, tree, readonly }: RootFilesystem): Mount[] {
  if (readonly) return [{ destination: `/${bundle}/rootfs`, source: `/${tree}`, options: ["bind"] }];
  const tmp = `/${bundle}/tmp`;
  return [
    { destination: tmp, type: "tmpfs", source: "tmpfs" },
    { destination: tmp, options: ["remount", "private"] },
    mountOf(`/${bundle}/rootfs`, "overlay", "overlay", [`lowerdir=/${tree}`, `upperdir=${tmp}/upper`, `workdir=${tmp}/work`]),
  ];
}

function plainMount(mount: NonNullable<NonNullable<EffectiveFields["runtime"]>["mounts"]>[number]): object {
  const { destination = "", type, source, options = [], uidmappings, gidmappings } = mount;
  return {
    destination,
    ...(type && { type }),
    ...(source && { source }),
    ...(options.length > 0 && { options }),
    ...(uidmappings && { uidMappings: uidmappings }),
    ...(gidmappings && { gidMappings: gidmappings }),
  };
}
