/** The common part of `debian.metadata` on clouds with a metadata service that answers a plain GET. `$1` address and port, `$2` seconds. */
export const METADATA_COMMON = `#!/bin/sh
endpoint=$1 seconds=$2
config=\${CONFIG:-/run/config}
umask 077
mkdir -p "$config/ssh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
read -r start _ </proc/uptime

# die TEXT…
die() {
  echo "metadata: $*" >&2
  exit 1
}

# ask URL FILE OPTION…: 0 with the answer in FILE, 1 where there is none; the task ends where nobody answers in time
ask() {
  url=$1 file=$2
  shift 2
  until timeout 5 busybox wget -q -Y off -O "$work/answer" "$@" "$url" 2>"$work/trouble"; do
    rm -f "$work/answer"
    grep -q ' 404 ' "$work/trouble" && return 1
    read -r now _ </proc/uptime
    if [ "$((\${now%.*} - \${start%.*}))" -ge "$seconds" ]; then
      die "no answer to $url within $seconds s ($(tr '\\n' ' ' <"$work/trouble")): is the metadata service enabled for this machine?"
    fi
    sleep 1
  done
  # what a service has none of may also be empty
  if [ ! -s "$work/answer" ]; then return 1; fi
  if cat "$work/answer" >"$file.new" && mv "$file.new" "$file"; then return; fi
  die "$file cannot be written"
}

# finish PROVIDER
finish() {
  chmod 0644 "$config"/hostname "$config"/instance_id "$config"/local_ipv4 2>/dev/null
  [ -s "$config/ssh/authorized_keys" ] || rm -f "$config/ssh/authorized_keys"
  echo "$1" >"$config/provider"
  echo "metadata: $(cat "$config/instance_id" 2>/dev/null || echo "this machine"), $(wc -c <"$config/userdata" 2>/dev/null || echo 0) bytes of user data"
}
`;
