import { shell } from "../shell.ts";

/** `/lib/linuxkit/tasks`: runs tasks, one after another. */
export const TASKS = shell`# Tasks: before the services, and after them.

# the first that fails ends the boot, unless it may fail
run_onboot() {
  for task in /containers/onboot/*/guest; do
    [ -e "$task" ] || continue
    run_task onboot "$task"
    [ "$ending" ] && shut_down "$ending"
    if [ "$why" ] && [ "$optional" = 0 ]; then boot_failed "onboot $name: $why"; fi
  done
}

# all have their turn
run_onshutdown() {
  for task in /containers/onshutdown/*/guest; do
    [ -e "$task" ] && run_task onshutdown "$task"
  done
}

task_container() {
  (run_container)
}

# run_task STAGE FILE: $why is the reason when it failed, else empty
run_task() {
  . "$2"
  memory=
  say "$1" "$name" start
  out=\${log%.log}.out.log
  why=
  if ! prepare 2>"$log"; then
    why="it cannot be prepared: $(last_line "$log")"
  else
    limited "$timeout" task_container >"$out" 2>"$log"
    ended=$?
    if [ "$answered" != "$turn" ]; then
      kill_container
      # its monitor ends with it, and answers
      nap 5
      kill_worker
      why="it was killed after its time limit of $timeout s"
      [ "$ending" ] && why="it was killed, for the machine shuts down"
    elif [ "$ended" != 0 ]; then
      why="exit status $ended: $(last_line "$log" "$out")"
    fi
  fi
  # what a writable root holds is memory
  if [ -d "$bundle/tmp" ]; then umount "$bundle/rootfs" "$bundle/tmp" 2>/dev/null; fi
  if [ -z "$why" ]; then
    say "$1" "$name" ok
    return
  fi
  if [ "$optional" = 1 ]; then say "$1" "$name" optional "$why"; else say "$1" "$name" failed "$why"; fi
  show "$out" "$log"
}
`;
