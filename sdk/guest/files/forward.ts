import { shell } from "../shell.ts";

/** `/bin/forward` in the container that sends logs to collectors: one process for each forwarded service. */
export const FORWARD = shell`#!/bin/busybox sh
# Each line of /etc/forward is a service and where its lines go. What cannot be sent is passed over: the log is still there.
machine=$(busybox hostname)

# lines NAME: of its log, from its beginning, over its changes of file
lines() {
  until [ -e "/logs/$1.log" ]; do busybox sleep 1; done
  exec busybox tail -n "$tail" -F "/logs/$1.log" 2>/dev/null
}

# to_syslog NAME HOST PORT: RFC 5424, facility user, severity info, no time of ours; a line feed ends each (RFC 6587, 3.4.2)
to_syslog() {
  lines "$1" | busybox awk -v head="<14>1 - $machine $1 - - - " '{ print head substr($0, 1, 8192); fflush() }' | busybox nc "$2" "$3" >/dev/null
}

# post NAME URL TEXT: BusyBox's wget wants more of a system than this container is
post() {
  address=\${2#http://}
  path=/\${address#*/}
  [ "$path" = "/$address" ] && path=/
  address=\${address%%/*}
  port=\${address#*:}
  [ "$port" = "$address" ] && port=80
  printf 'POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nService: %s\r\nMachine: %s\r\nConnection: close\r\n\r\n%s' \
    "$path" "$address" "\${#3}" "$1" "$machine" "$3" | busybox nc -w 10 "\${address%:*}" "$port" | {
    read -r _ status _
    case $status in 2*) ;; *) false ;; esac
  }
}

# to_http NAME URL: what comes within a second goes in one request, 32 KiB at most
to_http() {
  lines "$1" | while IFS= read -r line; do
    batch=$line
    while [ "\${#batch}" -lt 24576 ] && IFS= read -r -t 1 line; do
      batch="$batch
$line"
    done
    post "$1" "$2" "$(printf '%.32768s' "$batch")
" || exit 1
  done
}

# forward NAME URL
forward() {
  tail=+1
  pause=1
  while :; do
    case $2 in
      tcp://*) address=\${2#tcp://}; to_syslog "$1" "\${address%:*}" "\${address##*:}" ;;
      *) to_http "$1" "$2" ;;
    esac
    # what was written while nobody listened stays here
    tail=0
    busybox sleep "$pause"
    pause=$((pause < 32 ? pause * 2 : 60))
  done
}

while read -r name url; do
  forward "$name" "$url" &
done </etc/forward
wait
`;
