/*
 * The common part of `debian.secrets`: BusyBox shell, Debian's curl for TLS, jq for JSON. Values are only in files on the
 * task's own tmpfs and in curl's configuration, never in arguments or in the output.
 */

/** The first part of a cloud's script. `$1` is the metadata service's address and port, `$2` seconds, `$3` the file of certificate authorities. */
export const SECRETS_COMMON = `#!/bin/sh
endpoint=$1 seconds=$2 authorities=$3
shift 3
folders=\${SECRETS:-/run/linuxkit/secrets}
umask 077
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
read -r start _ </proc/uptime

# die TEXT…
die() {
  echo "secrets: $*" >&2
  exit 1
}

is_over() {
  read -r now _ </proc/uptime
  [ "$((\${now%.*} - \${start%.*}))" -ge "$seconds" ]
}

# persist WHAT COMMAND…: until it is 0; 1 may be tried again, 2 is the end, and $why says what was wrong
persist() {
  what=$1
  pause=1
  shift
  while :; do
    "$@"
    case $? in
    0) return ;;
    2) die "$what: $why" ;;
    esac
    is_over && die "$what: $why; tried for $seconds s"
    sleep "$pause"
    pause=$((pause < 8 ? pause * 2 : 8))
  done
}

# fetch: curl's configuration is on standard input. The body is in $work/answer, $status the HTTP status; 1 when
# there was no answer, and $why says why
fetch() {
  : >"$work/answer"
  status=$(curl --config - --silent --show-error --noproxy '*' --connect-timeout 5 --max-time 20 --max-filesize 1048576 \\
    --cacert "$authorities" --output "$work/answer" --write-out '%{http_code}' 2>"$work/trouble") && return
  why=$(plain <"$work/trouble")
  return 1
}

# plain: one line that a console can show
plain() {
  tr '\\n' ' ' | tr -cd ' -~' | sed 's/ *$//' | cut -c 1-400
}

# answer FILTER: what jq finds in the answer, nothing when it finds nothing
answer() {
  jq -j "($1) // empty" "$work/answer" 2>/dev/null
}

# is_plain TEXT: nothing in it would be read as anything else in a URL, a header or curl's configuration
is_plain() {
  case $1 in '' | *[!A-Za-z0-9/+=_.:~@!-]*) return 1 ;; esac
}

# deliver SERVICE NAME REFERENCE: by the cloud's own take, which leaves the value in $work/value
deliver() {
  is_wanted "$1" "$2" || return 0
  persist "$1.$2" take "$3"
  [ -s "$work/value" ] || die "$1.$2: it has no value"
  keep "$1" "$2"
}

# keep SERVICE NAME: $work/value becomes the service's file
keep() {
  rm -f "$folders/$1/$2"
  (umask 377 && cat "$work/value" >"$folders/$1/$2") || die "$1.$2: its file cannot be written: a service has 1 MiB for its secrets"
  rm -f "$work/value"
  echo "secrets: $1.$2 is there"
}

# is_wanted SERVICE NAME: no value is asked for that nobody would read
is_wanted() {
  case $2 in '' | [!A-Za-z0-9_]* | *[!A-Za-z0-9_.-]*) die "$1.$2: got a name that no secret can have" ;; esac
  case $1 in '' | *[!A-Za-z0-9_+-]*) die "$1.$2: got a name that no service can have" ;; esac
  [ -d "$folders/$1" ] && return
  echo "secrets: $1.$2 is passed over: no service $1 of this machine names secrets"
  return 1
}
`;
