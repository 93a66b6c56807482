import { shell } from "../shell.ts";

/** `/lib/linuxkit/secrets`: the folders of the services' secrets. */
export const SECRETS = shell`# Each service that names secrets has memory of its own for them. What fills it is QEMU's firmware device or a task, for
# a cloud's machine has them of its cloud.

# secret_folders: before the tasks, which may not mount
secret_folders() {
  for service in /containers/services/*/guest; do
    [ -e "$service" ] || continue
    . "$service"
    if [ "$secrets" ]; then secret_folder "$name"; fi
  done
}

# secret_folder SERVICE
secret_folder() {
  [ -d "/run/linuxkit/secrets/$1" ] && return
  mkdir -p "/run/linuxkit/secrets/$1"
  mount -t tmpfs -o nosuid,nodev,noexec,size=1m,mode=700 tmpfs "/run/linuxkit/secrets/$1"
}

# take_secrets: they are the service's own, and it cannot do without one that it names
take_secrets() {
  for secret in $secrets; do
    [ -e "/run/linuxkit/secrets/$name/$secret" ] && continue
    say failed "service $name: the secret $secret was not given to this machine"
    kill -USR2 1
    return 1
  done
  [ -z "$secrets" ] || chown -R "$owner" "/run/linuxkit/secrets/$name"
}
`;
