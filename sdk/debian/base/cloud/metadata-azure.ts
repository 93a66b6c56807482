import { METADATA_COMMON } from "./metadata-common.ts";
import { READY_AZURE } from "./ready-azure.ts";

/** `metadata-azure ADDRESS:PORT SECONDS WIRESERVER`. If the last is empty, the machine is not reported ready. */
export const METADATA_AZURE = `${METADATA_COMMON}
wire=$3
# get PATH FILE: a leaf is given as text only
get() {
  ask "http://$endpoint/metadata/instance/$1?api-version=2021-02-01&format=text" "$2" --header "Metadata: true"
}
${READY_AZURE}
get compute/vmId "$config/instance_id"
# a machine of a scale set has a name that no host can have
get compute/osProfile/computerName "$config/hostname" || get compute/name "$config/hostname"
get network/interface/0/ipv4/ipAddress/0/privateIpAddress "$config/local_ipv4"
if get compute/userData "$work/userdata"; then
  base64 -d "$work/userdata" >"$config/userdata" || die "the user data is not base64"
fi
: >"$config/ssh/authorized_keys"
index=0
while get "compute/publicKeys/$index/keyData" "$work/key"; do
  # the portal breaks what it is pasted into lines
  key=$(tr -d '\\r\\n' <"$work/key")
  echo "$key" >>"$config/ssh/authorized_keys"
  index=$((index + 1))
done
# the tag linuxkit.disk.NAME is the number by which the machine knows a disk
index=0
while get "compute/tagsList/$index/name" "$work/tag"; do
  tag=$(cat "$work/tag")
  name=\${tag#linuxkit.disk.}
  case $name in
  "$tag" | '' | .* | *[!A-Za-z0-9._-]*) ;;
  *)
    get "compute/tagsList/$index/value" "$work/lun" || die "the tag $tag has no value"
    mkdir -p "$config/disks"
    echo "lun:$(cat "$work/lun")" >"$config/disks/$name" || die "$config/disks/$name cannot be written"
    chmod 0644 "$config/disks/$name"
    ;;
  esac
  index=$((index + 1))
done
if [ "$wire" ]; then report_ready; fi
finish Azure
`;
