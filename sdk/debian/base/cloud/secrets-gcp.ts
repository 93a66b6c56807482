import { SECRETS_COMMON } from "./secrets-common.ts";

/** `secrets-gcp ADDRESS:PORT SECONDS AUTHORITIES SECRETMANAGER`; the last is a URL, or empty for Google's public endpoint. */
export const SECRETS_GCP = `${SECRETS_COMMON}
own_secretmanager=$1

# metadata PATH: 1 when there is none, or nobody answered
metadata() {
  fetch <<END || return
url = "http://$endpoint/computeMetadata/v1/instance/$1"
header = "Metadata-Flavor: Google"
END
  [ "$status" = 200 ] && return
  why="the metadata server answered $status for $1"
  return 1
}

take_references() {
  if ! metadata attributes/linuxkit-secrets; then
    [ "$status" = 404 ] || return
    echo "{}" >"$work/answer"
  fi
  jq -r 'to_entries[] | .key as $service | .value | to_entries[] | [$service, .key, .value] | @tsv' "$work/answer" >"$work/references" 2>/dev/null && return
  why="the attribute linuxkit-secrets is not { SERVICE: { NAME: reference } } as JSON"
  return 2
}

# credentials: a token of the machine's service account
credentials() {
  if ! metadata service-accounts/default/token; then
    [ "$status" = 404 ] && why="this machine has no service account"
    return 1
  fi
  token=$(answer .access_token)
  is_plain "$token" && return
  token=
  why="the metadata server gave no token"
  return 1
}

# checksum: the CRC-32C of $work/value
checksum() {
  od -An -v -tu1 -w1 "$work/value" | awk '
    BEGIN { for (i = 0; i < 256; i++) { c = i; for (k = 0; k < 8; k++) c = and(c, 1) ? xor(rshift(c, 1), 2197175160) : rshift(c, 1); table[i] = c }; c = 4294967295 }
    { c = xor(table[and(xor(c, $1), 255)], rshift(c, 8)) }
    END { printf "%.0f", xor(c, 4294967295) }'
}

# take REFERENCE
take() {
  is_plain "$1" || set -- none
  case $1 in
  projects/?*/locations/?*/secrets/?*/versions/?*) host=secretmanager.$(echo "$1" | cut -d / -f 4).rep.googleapis.com ;;
  projects/?*/secrets/?*/versions/?*) host=secretmanager.googleapis.com ;;
  *)
    why="wanted projects/PROJECT/secrets/SECRET/versions/VERSION"
    return 2
    ;;
  esac
  [ "$token" ] || credentials || return
  fetch <<END || return
url = "\${own_secretmanager:-https://$host}/v1/$1:access"
header = "Authorization: Bearer $token"
END
  if [ "$status" != 200 ]; then
    fault=$(answer .error.status | plain)
    why="$1: \${fault:-status $status} $(answer .error.message | plain)"
    token=
    # a right that is new may take a while to be known everywhere
    case $fault in NOT_FOUND | INVALID_ARGUMENT | FAILED_PRECONDITION) return 2 ;; esac
    return 1
  fi
  answer .payload.data | base64 -d >"$work/value"
  sum=$(answer .payload.dataCrc32c)
  if [ "$sum" ] && [ "$sum" != "$(checksum)" ]; then
    why="$1: its value arrived damaged"
    return 1
  fi
}

token=
persist "the metadata server at $endpoint" take_references
while IFS="$(printf '\\t')" read -r service name reference; do
  deliver "$service" "$name" "$reference"
done <"$work/references"
`;
