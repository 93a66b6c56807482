import { shell } from "../shell.ts";

/** `/lib/linuxkit/log`: the logs of services. */
export const LOG = shell`# A service writes into a pipe, and what comes out of it is kept: twice $log_size bytes at most.

# open_log PIPE FILE: descriptor 7 is the pipe from now on, for this service's life
open_log() {
  # its process may be of any user, and may open /dev/stdout anew
  mkfifo -m 622 "$1"
  exec 7<>"$1"
  keep_log "$2" <&7 8>&- 9>&- 7>&- &
  logger=$!
}

# end_log: what it has not yet kept is lost
end_log() {
  worker=$logger
  kill_worker
}

# keep_log FILE
keep_log() {
  while dd of="$1" bs=4k count="$log_size" iflag=count_bytes status=none; do
    mv -f "$1" "$1.1"
  done
}
`;
