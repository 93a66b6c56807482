import { METADATA_COMMON } from "./metadata-common.ts";

/** `metadata-gcp ADDRESS:PORT SECONDS` */
export const METADATA_GCP = `${METADATA_COMMON}
# get PATH FILE
get() {
  ask "http://$endpoint/computeMetadata/v1/$1" "$2" --header "Metadata-Flavor: Google"
}

# is_true ATTRIBUTE: the instance's, else the project's
is_true() {
  get "instance/attributes/$1" "$work/flag" || get "project/attributes/$1" "$work/flag" || return
  case $(cat "$work/flag") in [Tt][Rr][Uu][Ee] | [Yy] | [Yy][Ee][Ss] | 1) ;; *) return 1 ;; esac
}

# keys_of FILE: lines of USER:KEY; the user is the guest's own matter, and a key may say when it ends
keys_of() {
  now=$(date -u +%Y%m%d%H%M%S)
  while IFS= read -r line || [ "$line" ]; do
    key=\${line#*:}
    case $line in *:ssh-* | *:ecdsa-* | *:sk-*) ;; *) continue ;; esac
    case $key in
    *' google-ssh '*)
      # as Google has it, in UTC: {"userName":"a@b","expireOn":"2030-12-04T20:12:00+0000"}
      end=$(echo "$key" | sed -n 's/.*"expireOn" *: *"\\([-0-9T:]*\\)\\(+0000\\|Z\\)".*/\\1/p' | tr -cd 0-9)
      if [ "\${#end}" != 14 ] || [ "$end" -le "$now" ]; then continue; fi
      key=\${key%% google-ssh *}
      ;;
    esac
    echo "$key"
  done <"$1"
}

# take_keys: as Google's guest environment takes them
take_keys() {
  # then the cloud says at each login whose it is, and keys in the metadata count no more
  is_true enable-oslogin && return
  if get instance/attributes/ssh-keys "$work/keys"; then keys_of "$work/keys"; fi
  # the former name of them, with which the project's do not count
  if get instance/attributes/sshKeys "$work/keys"; then
    keys_of "$work/keys"
  elif ! is_true block-project-ssh-keys && get project/attributes/ssh-keys "$work/keys"; then
    keys_of "$work/keys"
  fi
}

get instance/id "$config/instance_id"
get instance/hostname "$config/hostname"
get instance/network-interfaces/0/ip "$config/local_ipv4"
get instance/attributes/user-data "$config/userdata" || get instance/attributes/userdata "$config/userdata" || get instance/attributes/startup-script "$config/userdata"
take_keys >"$config/ssh/authorized_keys"
finish GCP
`;
