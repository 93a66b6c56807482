/** `metadata-aws ADDRESS PORT SECONDS`. BusyBox's wget has no PUT, so the script writes HTTP requests itself. */
export const METADATA_AWS = `#!/bin/sh
address=$1 port=$2 seconds=$3
config=\${CONFIG:-/run/config}
answer=$(mktemp)

# request METHOD PATH HEADER FILE: 0 when there was a body for FILE, 1 when there is none, 2 when nobody answered
request() {
  printf '%s %s HTTP/1.0\\r\\nHost: %s\\r\\n%s\\r\\n\\r\\n' "$1" "$2" "$address" "$3" | nc -w 5 "$address" "$port" >"$answer" 2>/dev/null
  read -r _ status _ <"$answer" || return 2
  case "$status" in
  200) ;;
  404) return 1 ;;
  *) echo "metadata: $2 answered \${status:-nothing}" >&2; return 2 ;;
  esac
  # the body begins after the first empty line, and may be of any bytes
  head=0
  while IFS= read -r line; do
    head=$((head + \${#line} + 1))
    [ "$line" = "$(printf '\\r')" ] && break
  done <"$answer"
  tail -c +$((head + 1)) "$answer" >"$4"
}

token=$(mktemp)
read -r start _ </proc/uptime
until request PUT /latest/api/token "X-aws-ec2-metadata-token-ttl-seconds: 300" "$token"; do
  read -r now _ </proc/uptime
  if [ "$((\${now%.*} - \${start%.*}))" -ge "$seconds" ]; then
    echo "metadata: no answer from $address:$port within $seconds s: is the metadata service enabled for this machine?" >&2
    exit 1
  fi
  sleep 1
done
header="X-aws-ec2-metadata-token: $(cat "$token")"

# get PATH FILE: what the machine has none of leaves no file
get() {
  request GET "/latest/$1" "$header" "$config/$2.new"
  case $? in
  0) mv "$config/$2.new" "$config/$2" ;;
  1) ;;
  *) echo "metadata: cannot read $1" >&2; exit 1 ;;
  esac
}

umask 077
mkdir -p "$config/ssh"
get user-data userdata
get meta-data/hostname hostname
get meta-data/instance-id instance_id
get meta-data/local-ipv4 local_ipv4
get meta-data/public-keys/0/openssh-key ssh/authorized_keys
# get_disks: the tag linuxkit.disk.NAME is the id of a volume, which is its disk's serial but for the dash
get_disks() {
  tags=$(mktemp)
  request GET /latest/meta-data/tags/instance "$header" "$tags"
  case $? in
  0) ;;
  1) return ;;
  *) echo "metadata: cannot read the tags" >&2; exit 1 ;;
  esac
  while read -r tag || [ "$tag" ]; do
    name=\${tag#linuxkit.disk.}
    case $name in "$tag" | '' | .* | *[!A-Za-z0-9._-]*) continue ;; esac
    mkdir -p "$config/disks"
    get "meta-data/tags/instance/$tag" "disks/$name"
    sed -i 's/^vol-/vol/' "$config/disks/$name" || exit 1
  done <"$tags"
}
get_disks
chmod 0644 "$config"/hostname "$config"/instance_id "$config"/local_ipv4 2>/dev/null
echo AWS >"$config/provider"
echo "metadata: $(cat "$config/instance_id" 2>/dev/null || echo "this machine"), $(wc -c <"$config/userdata" 2>/dev/null || echo 0) bytes of user data"
`;
