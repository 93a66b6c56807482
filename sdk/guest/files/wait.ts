import { shell } from "../shell.ts";

/** `/lib/linuxkit/wait`: pauses and time limits without an extra process. */
export const WAIT = shell`# Every process of the guest has a pipe of its own, on descriptor 8, which it holds open for reading and writing: a read
# with a time limit is a pause that needs no fork and that a signal ends.

# open_events NAME
open_events() {
  [ -p "/run/linuxkit/$1.events" ] || mkfifo -m 600 "/run/linuxkit/$1.events"
  exec 8<>"/run/linuxkit/$1.events"
  turn=0
}

# nap SECONDS
nap() {
  read -r -t "$1" _ <&8
}

# limited SECONDS COMMAND…: its status, or 124 when the time is over (0: there is no limit) or the machine is told to
# end. Then $answered is not $turn, and $worker, the process that ran it, is still there for the caller to end.
limited() {
  limit=$1
  shift
  turn=$((turn + 1))
  { "$@"; echo "$turn $?" >&8; } &
  worker=$!
  answered=
  # an answer that came too late for its own turn is passed over
  until [ "$answered" = "$turn" ]; do
    if [ "$limit" = 0 ]; then
      read -r answered status <&8
    else
      read -r -t "$limit" answered status <&8
    fi || { [ -z "$ending" ] && [ "$limit" = 0 ]; } || return 124
  done
  wait "$worker"
  return "$status"
}

# kill_worker: the process that limited left, and what it started
kill_worker() {
  children=
  read -r children 2>/dev/null <"/proc/$worker/task/$worker/children"
  kill -9 $worker $children 2>/dev/null
  wait "$worker" 2>/dev/null
}
`;
