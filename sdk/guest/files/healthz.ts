import { shell } from "../shell.ts";

/** `/bin/answer` in the container that serves the aggregate health. Each connection is its standard input and output. */
export const ANSWER = shell`#!/bin/busybox sh
# Answers GET /healthz: 200 when every service is ok, else 503 and the names of those that are not, with the reason.
read -r -t 5 method path _ || exit
lines=0
while [ "$lines" -lt 64 ] && read -r -t 2 header; do
  case $header in '' | $'\r') break ;; esac
  lines=$((lines + 1))
done

# respond STATUS TEXT
respond() {
  printf 'HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n' "$1" "\${#2}"
  [ "$method" = HEAD ] || printf '%s' "$2"
}

newline='
'
case $method in
  GET | HEAD) ;;
  *) respond '405 Method Not Allowed' "only GET$newline" && exit ;;
esac
case $path in
  /healthz | /healthz\?*) ;;
  *) respond '404 Not Found' "only /healthz$newline" && exit ;;
esac
bad=
for state in /services/*; do
  [ -e "$state" ] || continue
  read -r words <"$state"
  [ "$words" = ok ] || bad="$bad\${state##*/}: $words$newline"
done
if [ "$bad" ]; then respond '503 Service Unavailable' "$bad"; else respond '200 OK' "ok$newline"; fi
`;
