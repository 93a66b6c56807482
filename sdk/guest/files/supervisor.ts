import { shell } from "../shell.ts";

/** `/lib/linuxkit/supervisor`: runs services, each with a process that restarts it. */
export const SUPERVISOR = shell`# One process for each service, all started at once. It ends when the service stays down or the machine shuts down.

start_services() {
  supervisors=
  reserve_memory
  for service in /containers/services/*/guest; do
    [ -e "$service" ] || continue
    { supervise "$service"; : >"/run/linuxkit/$id.done"; } &
    # the last one first, as they are to be stopped
    supervisors="$! $supervisors"
  done
  # without services there is nothing to wait for
  [ "$supervisors" ] || say healthy
  for own in healthz forward; do
    if [ -e "/lib/linuxkit/$own/guest" ]; then
      serve "$own" &
      supervisors="$supervisors $!"
    fi
  done
}

# reserve_memory: what a service without a limit may take of the memory that is free now: an eighth of it, and 8 MiB at
# least, stay with the machine, and half a MiB for each service, whose namespaces and supervisor are the machine's
reserve_memory() {
  while read -r key kilobytes _; do [ "$key" = MemAvailable: ] && break; done </proc/meminfo
  reserve=$((kilobytes / 8))
  [ "$reserve" -lt 8192 ] && reserve=8192
  for service in /containers/services/*/guest; do reserve=$((reserve + 512)); done
  most_memory=$(((kilobytes - reserve) * 1024))
}

# serve NAME: a container of the guest's own is no part of what is reported, and can wait until the others run
serve() {
  set_state() { :; }
  report_healthy() { :; }
  open_events "$1"
  await_healthy 3
  supervise "/lib/linuxkit/$1/guest"
}

# supervise FILE
supervise() {
  . "$1"
  open_events "$id"
  stopping=
  trap stop_service TERM
  set_state starting
  await_others
  take_secrets || return
  if ! prepare 2>"$log"; then
    stay_down "its root cannot be prepared: $(last_line "$log")"
    return
  fi
  open_log "/run/linuxkit/$id.log" "$log"
  count=0
  delay=1
  ends=
  until [ "$stopping" ]; do
    run_service
    [ "$stopping" ] && break
    # what it wrote last may still be on its way
    nap 0.1
    why="exit status $ended"
    line=$(last_line "$log")
    [ "$line" ] && why="$why: $line"
    if [ "$restart" = never ] || { [ "$restart" = on-failure ] && [ "$ended" = 0 ]; }; then
      stay_down "$why"
      break
    fi
    if over_limit; then
      stay_down "it ended $((restart_limit + 1)) times, the last with $why" anyway
      break
    fi
    back_off
    count=$((count + 1))
    say service "$name" restart "$count in $delay s: $why"
    nap "$delay"
  done
  [ "$stopping" ] && say service "$name" stopped
  end_log
}

# await_others: those that it comes after; a service that was told to stop waits no more
await_others() {
  for other in $after; do
    told=
    until [ "$stopping" ]; do
      read -r word <"$states/$other" && [ "$word" = ok ] && break
      if [ -z "$told" ]; then
        told=1
        set_state "waiting for $other"
        say service "$name" waiting "for $other"
      fi
      nap 0.1
    done
  done 2>/dev/null
}

# over_limit: whether this end was one too many; $ends are the seconds of those that count
over_limit() {
  [ "$restart_limit" = 0 ] && return 1
  kept=
  number=0
  for at in $ends \${now%.*}; do
    [ "$restart_within" = 0 ] || [ "$at" -gt $((\${now%.*} - restart_within)) ] || continue
    kept="$kept $at"
    number=$((number + 1))
  done
  ends=$kept
  [ "$number" -gt "$restart_limit" ]
}

# run_service: once, from start to end
run_service() {
  pid_file=/run/linuxkit/$id.pid
  rm -f "$pid_file"
  read -r begun _ </proc/uptime
  run_container --pid-file "$pid_file" >&7 2>&1 &
  monitor=$!
  [ "$stopping" ] && stop_service
  watch_health "$pid_file" 7>&- &
  prober=$!
  wait_for "$monitor"
  kill "$prober" 2>/dev/null
  forget_container
  set_state "down, exit status $ended"
  read -r now _ </proc/uptime
  lasted=$((\${now%.*} - \${begun%.*}))
}

# wait_for PID: its status in $ended, however many signals come in between
wait_for() {
  wait "$1"
  ended=$?
  while [ -d "/proc/$1" ]; do
    wait "$1"
    ended=$?
  done
}

# back_off: 1, 2, 4… 60 s; a service that ran for a minute starts anew at 1
back_off() {
  if [ "$count" = 0 ] || [ "$lasted" -ge 60 ]; then
    delay=1
  else
    delay=$((delay * 2))
    [ "$delay" -gt 60 ] && delay=60
  fi
}

# stay_down REASON [anyway]: an end without a fault is no reason to call the machine unhealthy, unless it should run
stay_down() {
  if [ "$ended" = 0 ] && [ -z "$2" ]; then
    set_state ok
    report_healthy
  else
    set_state "down, $1"
  fi
  say service "$name" ended "$1"
}

# hears_term: SIGTERM is the 15th bit of those caught
hears_term() {
  read -r pid <"$pid_file" || return 0
  while read -r key value _; do
    case $key in
      NSpid:) [ "\${value}" != "$pid" ] && return 0 ;;
      SigCgt:) return $((0x$value & 0x4000 ? 0 : 1)) ;;
    esac
  done <"/proc/$pid/status"
}

# stop_service: what SIGTERM to its supervisor means
stop_service() {
  stopping=1
  # those that need it go first
  for other in $before; do
    until [ -e "/run/linuxkit/$other.done" ]; do nap 0.1; done
  done
  [ "$monitor" ] && [ -d "/proc/$monitor" ] || return
  # the first process of a namespace is spared signals that it does not handle: no use to wait for that one
  if hears_term; then signal_container TERM; else kill_container; fi
  (
    open_events "$id.stop"
    nap "$stop_timeout"
    [ -d "/proc/$monitor" ] && kill_container
  ) &
}
`;
