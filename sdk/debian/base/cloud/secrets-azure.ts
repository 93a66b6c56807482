import { SECRETS_COMMON } from "./secrets-common.ts";

/** `secrets-azure ADDRESS:PORT SECONDS AUTHORITIES KEYVAULT IDENTITY`; the last two may be empty: a `HOST:PORT` to connect to instead of each vault, and a client id. */
export const SECRETS_AZURE = `${SECRETS_COMMON}
own_keyvault=$1 identity=$2

# metadata PATH-AND-QUERY: 1 when nobody answered, or in another way
metadata() {
  fetch <<END || return
url = "http://$endpoint/metadata/$1"
header = "Metadata: true"
END
  [ "$status" = 200 ] && return
  why="the metadata service answered $status: $(answer '.error_description // .error' | plain)"
  return 1
}

take_references() {
  metadata "instance/compute/tagsList?api-version=2021-02-01" || return
  jq -r '.[] | select(.name | startswith("linuxkit.secret.")) | [.name[16:], .value] | @tsv' "$work/answer" >"$work/references" 2>/dev/null && return
  why="the metadata service gave no list of tags"
  return 1
}

# credentials HOST: a token of the machine's identity for the vaults of that host's cloud
credentials() {
  metadata "identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2F\${1#*.}\${identity:+&client_id=$identity}" || return
  token=$(answer .access_token)
  is_plain "$token" && return
  token=
  why="the metadata service gave no token"
  return 1
}

# take URL
take() {
  is_plain "$1" || set -- none
  path=\${1#https://}
  host=\${path%%/*} path=\${path#*/}
  # the token is shown to nobody but a vault of Azure's
  case $1 in https://*/secrets/?*) ;; *) host= ;; esac
  case $host in
  *[!A-Za-z0-9.-]* | *.*.*.*.*.*) host= ;;
  ?*.vault.azure.net | ?*.vault.azure.cn | ?*.vault.usgovcloudapi.net) ;;
  *) host= ;;
  esac
  if [ -z "$host" ]; then
    why="wanted the URL of a secret in Key Vault, such as https://mine.vault.azure.net/secrets/db"
    return 2
  fi
  [ "$token" ] || credentials "$host" || return
  fetch <<END || return
\${own_keyvault:+connect-to = "$host:443:$own_keyvault"}
url = "https://$host/$path?api-version=7.4"
header = "Authorization: Bearer $token"
END
  if [ "$status" != 200 ]; then
    fault=$(answer .error.code | plain)
    why="$1: \${fault:-status $status} $(answer .error.message | plain)"
    token=
    # a right that is new may take a while to be known everywhere
    case $fault in SecretNotFound | BadParameter | SecretDisabled) return 2 ;; esac
    return 1
  fi
  answer .value >"$work/value"
}

token=
persist "the metadata service at $endpoint" take_references
while IFS="$(printf '\\t')" read -r tag reference; do
  deliver "\${tag%%.*}" "\${tag#*.}" "$reference"
done <"$work/references"
`;
