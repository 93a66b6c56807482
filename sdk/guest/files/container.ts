import { shell } from "../shell.ts";

/** `/lib/linuxkit/container`: one container, by crun or runc. */
export const CONTAINER = shell`# Runs the container whose file "guest" was read: $bundle, $id, and the functions prepare and attach.
# The log is closed to it, and so are the console and the pipe of events.

if [ -x /usr/bin/crun ] || [ -x /bin/crun ]; then runtime=crun; else runtime=runc; fi

# bound_memory: of a service. The group is there before the runtime, which takes it as it is; a service whose memory ends
# ends as a whole, and with it go its tmpfs mounts, which no killed process gives back.
bound_memory() {
  group=/sys/fs/cgroup/$id
  mkdir "$group" 2>/dev/null
  echo 1 >"$group/memory.oom.group"
  if [ "$memory" = unlimited ]; then echo "$most_memory" >"$group/memory.max"; fi
}

# read_nothing: standard input is at its end. The runtime gives it to the container's user, so it is not the machine's
# /dev/null, which that user could then close to everybody.
read_nothing() {
  empty=/run/linuxkit/$id.empty
  [ -p "$empty" ] || mkfifo -m 600 "$empty"
  # opened for writing too, or the shell would wait for a writer
  exec 6<>"$empty"
  exec <"$empty" 6>&-
}

# run_container [OPTION…]: becomes the container's monitor, so it is called in a process of its own
run_container() {
  if [ "$attached" = 1 ]; then
    # a hook gives it its links when its namespaces are there and its process is not
    {
      read -r brace
      printf '%s "hooks": { "createRuntime": [ { "path": "/lib/linuxkit/attach", "args": [ "attach", "%s" ] } ] },\n' "$brace" "$bundle"
      cat
    } <"$bundle/config.json" >"/run/linuxkit/$id.json"
    set -- --config "/run/linuxkit/$id.json" "$@"
  fi
  if [ "$memory" ]; then bound_memory 2>/dev/null; fi
  # the guest's own processes are the last to be killed when memory ends, containers are not
  echo 0 >/proc/self/oom_score_adj
  read_nothing
  exec "$runtime" run --bundle "$bundle" "$@" "$id" 7>&- 8>&- 9>&-
}

# forget_container: one whose monitor was killed runs on with nobody to watch it, and keeps its name
forget_container() {
  [ -e "/run/$runtime/$id" ] || return
  "$runtime" delete --force "$id" >/dev/null 2>&1 7>&- 8>&- 9>&-
}

# signal_container SIGNAL: its first process
signal_container() {
  "$runtime" kill "$id" "$1" >/dev/null 2>&1 7>&- 8>&- 9>&-
}

# kill_container: all of it
kill_container() {
  "$runtime" kill --all "$id" KILL >/dev/null 2>&1 7>&- 8>&- 9>&- || signal_container KILL
}
`;

/** `/lib/linuxkit/attach`: a hook of the runtime, between creation and start. */
export const ATTACH = shell`#!/bin/sh
# attach BUNDLE: gives a new container its network links and binds its namespaces; its state comes as JSON.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
pid=$(sed -n 's/.*"pid" *: *\([0-9]*\).*/\1/p')
[ "$pid" ] || exit 1

# make_veth NAME PEER: BusyBox cannot say the peer's name when it makes the pair
make_veth() {
  ip link add "$1" type veth && read -r index <"/sys/class/net/$1/iflink" || return
  for other in /sys/class/net/*; do
    { read -r at <"$other/ifindex" && [ "$at" = "$index" ]; } || continue
    ip link set "\${other##*/}" name "$2"
    return
  done
  return 1
}

# add_veth NAME PEER: the peer stays outside
add_veth() {
  make_veth "$1" "$2" && move_link "$1"
}

# add_link NAME TYPE
add_link() {
  nsenter -t "$pid" -n /bin/busybox ip link add "$1" type "$2"
}

# add_link_in_root NAME TYPE
add_link_in_root() {
  ip link add "$1" type "$2" && move_link "$1"
}

# move_link NAME
move_link() {
  ip link set "$1" netns "$pid"
}

# private_link LINK GATEWAY ADDRESS: a network of two, this machine and the container
private_link() {
  # that of the last start goes with its namespace, a little later
  ip link del "$1" 2>/dev/null
  make_veth "$1" "$1.inside" && ip link set "$1.inside" netns "$pid" &&
    echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6" && echo 1 >"/proc/sys/net/ipv4/conf/$1/rp_filter" &&
    ip addr add "$2/31" dev "$1" && ip link set "$1" up &&
    nsenter -t "$pid" -n /bin/busybox sh -c 'ip link set "$0.inside" name eth0 &&
      ip addr add "$2/31" dev eth0 && ip link set eth0 up && ip route add default via "$1"' "$1" "$2" "$3"
}

# bind_namespace KIND FILE
bind_namespace() {
  mkdir -p "\${2%/*}" && : >"$2" && mount -o bind "/proc/$pid/ns/$1" "$2"
}

. "$1/guest"
attach
`;
