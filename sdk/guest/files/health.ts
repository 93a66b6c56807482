import { shell } from "../shell.ts";

/** `/lib/linuxkit/health`: the checks of a service, and the health of the whole machine. */
export const HEALTH = shell`# A service's state is a file: "ok", or a word why it is not. Where there is no check, to run is to be ok.
states=/run/linuxkit/services

# set_state WORD…
set_state() {
  echo "$*" >"$states/$name"
}

# report_healthy: once per boot, when every state is ok
report_healthy() {
  [ -e /run/linuxkit/healthy ] && return
  for state in "$states"/*; do
    [ -e "$state" ] || continue
    read -r word <"$state"
    [ "$word" = ok ] || return
  done
  set -C
  # two supervisors may come here at once, and only one of them makes the file
  if { true >/run/linuxkit/healthy; } 2>/dev/null; then say healthy; fi
  set +C
}

# await_healthy SECONDS: goes on sooner when the machine is healthy
await_healthy() {
  rounds=$(($1 * 10))
  while [ "$rounds" -gt 0 ] && [ ! -e /run/linuxkit/healthy ]; do
    nap 0.1
    rounds=$((rounds - 1))
  done
}

# watch_health PID_FILE: reports that the container runs, then checks it as long as it does
watch_health() {
  open_events "$id.health"
  until [ -s "$1" ]; do nap 0.02; done
  read -r pid <"$1"
  say service "$name" started
  if [ "$checked" = 1 ]; then
    check_first
    check_forever
  else
    set_state ok
    report_healthy
  fi
}

# check_first: often, for the start is what somebody waits for; then at the usual pace
check_first() {
  read -r begun _ </proc/uptime
  begun=\${begun%.*}
  late=
  pause=0.1
  until limited_check; do
    read -r now _ </proc/uptime
    spent=$((\${now%.*} - begun))
    [ "$spent" -ge 10 ] && pause=$interval
    if [ -z "$late" ] && over "$spent" "$interval" "$retries"; then
      late=1
      set_state unhealthy
      say service "$name" unhealthy "it passed no check in the first $spent s: $why"
    fi
    nap "$pause"
  done
  pass
}

# over SECONDS INTERVAL RETRIES: the time that it has is retries times the interval, of which the shell knows whole parts
over() {
  [ "$1" -ge "$((\${2%.*} * $3))" ] && [ "$1" -ge 1 ]
}

check_forever() {
  failures=0
  while :; do
    nap "$interval"
    if limited_check; then
      [ "$failures" -ge "$retries" ] && pass
      failures=0
    else
      failures=$((failures + 1))
      if [ "$failures" = "$retries" ]; then
        set_state unhealthy
        say service "$name" unhealthy "$failures checks in a row failed: $why"
      fi
    fi
  done
}

pass() {
  set_state ok
  say service "$name" healthy
  report_healthy
}

# limited_check: the service's own check, within its time
limited_check() {
  limited "$check_timeout" check >/dev/null 2>"/run/linuxkit/$id.check" 7>&- 9>&-
  result=$?
  if [ "$answered" != "$turn" ]; then
    kill_worker
    why="no answer within $check_timeout s"
    return 1
  fi
  [ "$result" = 0 ] && return 0
  why=$(last_line "/run/linuxkit/$id.check")
  why=\${why:-exit status $result}
  return 1
}

# inside CHECK…: in the container's network
inside() {
  enter="nsenter -t $pid -n"
  "$@"
}

# check_http PORT PATH STATUS: the first answer's status, so a redirect is a redirect
check_http() {
  answer=$($enter /bin/busybox wget -S --spider "http://127.0.0.1:$1$2" 2>&1)
  got=\${answer#*HTTP/1.? }
  got=\${got%%[!0-9]*}
  [ "$got" = "$3" ] && return
  if [ "$got" ]; then echo "port $1 answered with status $got, not $3" >&2; else echo "port $1: $answer" >&2; fi
  return 1
}

# check_tcp PORT
check_tcp() {
  $enter /bin/busybox nc -w 60 127.0.0.1 "$1" -e /bin/busybox true
}

# check_command COMMAND…
check_command() {
  read_nothing
  "$runtime" exec "$id" "$@" 8>&-
}
`;
