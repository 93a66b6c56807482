import type { Definition } from "../definition/definition.ts";
import { volumeMount } from "../definition/volume.ts";
import { diskReady } from "./base/disk.ts";

/** A definition with the onboot tasks that find, format, grow and mount the disks of its persistent volumes. */
export function withVolumeTasks(definition: Definition): Definition {
  const tasks = Object.entries(definition.volumes).flatMap(([name, { persistent }]) => {
    if (!persistent) return [];
    const { after: _, ...disk } = persistent;
    return [[name, { image: diskReady({ ...disk, path: volumeMount(name) }), timeout: 0 }] as const];
  });
  return tasks.length === 0 ? definition : { ...definition, volumeTasks: Object.fromEntries(tasks) };
}
