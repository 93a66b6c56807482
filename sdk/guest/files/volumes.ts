import { shell } from "../shell.ts";

/** `/lib/linuxkit/volumes`: `/containers/volumes/NAME/{lower,tmp,merged}`. */
export const VOLUMES = shell`# A volume shows its image at "merged". One that has a folder "tmp" may be written, into memory.

mount_volumes() {
  for volume in /containers/volumes/*; do
    [ -d "$volume/merged" ] || continue
    if [ -d "$volume/tmp" ]; then
      overlay_at "$volume/lower" "$volume/tmp" "$volume/merged"
    else
      mount -o bind "$volume/lower" "$volume/merged" && mount -o remount,bind,ro "$volume/merged"
    fi || boot_failed "volume \${volume##*/} cannot be mounted"
  done
}
`;
