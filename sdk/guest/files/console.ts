import { shell } from "../shell.ts";

/** `/lib/linuxkit/console`: the guest's reports, read by `parseConsoleLine`. */
export const CONSOLE = shell`# One line per stage on the console, which is descriptor 9. No container gets that descriptor, nor this boot's word.

# say_at SECONDS WORD…
say_at() {
  at=$1
  shift
  printf '\036linuxkit %s %s %s\n' "$nonce" "$at" "$*" >&9
}

# say WORD…
say() {
  read -r now _ </proc/uptime
  say_at "$now" "$@"
}

# last_line FILE…: the last line of the first file that has one, fit for the console
last_line() {
  for file in "$@"; do
    if [ -s "$file" ]; then
      line=$(tail -c 2000 "$file" | tr -c '\040-\176\n' ' ' | grep '[^ ]' | tail -n 1)
      line=\${line# }
      printf '%.300s' "\${line% }"
      return
    fi
  done
}

# show FILE…: the last lines of each, for people
show() {
  for file in "$@"; do
    [ -s "$file" ] && tail -n 20 "$file" | tr -c '\040-\176\n' ' ' >&9
  done
}

# boot_failed MESSAGE: nothing can go on; a machine that is off keeps its console, one that reboots would hide it
boot_failed() {
  say failed "$*"
  power_off poweroff
}
`;
