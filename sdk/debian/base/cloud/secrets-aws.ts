import { SECRETS_COMMON } from "./secrets-common.ts";

/** `secrets-aws ADDRESS:PORT SECONDS AUTHORITIES SECRETSMANAGER SSM`; the last two are URLs, or empty for AWS's public endpoints. */
export const SECRETS_AWS = `${SECRETS_COMMON}
own_secretsmanager=$1 own_ssm=$2

# metadata PATH: version 2 of the instance metadata; 1 when it has none, or nobody answered
metadata() {
  fetch <<END || return
url = "http://$endpoint/latest/$1"
header = "X-aws-ec2-metadata-token: $token"
END
  [ "$status" = 200 ] && return
  why="the metadata service answered $status for $1"
  return 1
}

take_token() {
  fetch <<END || return
request = "PUT"
url = "http://$endpoint/latest/api/token"
header = "X-aws-ec2-metadata-token-ttl-seconds: 900"
END
  token=$(cat "$work/answer")
  [ "$status" = 200 ] && is_plain "$token" && return
  why="the metadata service gave no token: it answered $status"
  return 1
}

take_place() {
  metadata meta-data/placement/region || return
  region=$(cat "$work/answer")
  metadata meta-data/services/domain || return
  domain=$(cat "$work/answer")
}

take_keys() {
  if ! metadata meta-data/tags/instance; then
    [ "$status" = 404 ] && why="they are not in the metadata: wanted instance metadata tags enabled"
    return 1
  fi
  cp "$work/answer" "$work/keys"
}

# credentials: those of the machine's role
credentials() {
  if ! metadata meta-data/iam/security-credentials/; then
    [ "$status" = 404 ] && why="this machine has no role: wanted an instance profile"
    return 1
  fi
  read -r role <"$work/answer" || [ "$role" ] || return
  metadata "meta-data/iam/security-credentials/$role" || return
  id=$(answer .AccessKeyId)
  key=$(answer .SecretAccessKey)
  session=$(answer .Token)
  for word in "$id" "$key" "$session"; do
    is_plain "$word" && continue
    id=
    why="the metadata service gave no credentials of the role $role: $(answer '.Message // .Code' | plain)"
    return 1
  done
}

# call SERVICE REGION ACTION: the action's input is $work/question
call() {
  [ "$id" ] || credentials || return
  case $1 in secretsmanager) url=$own_secretsmanager ;; *) url=$own_ssm ;; esac
  # the endpoint of a network is of its own region
  if [ -z "$url" ] || [ "$2" != "$region" ]; then url=https://$1.$2.$domain; fi
  fetch <<END || return
data-binary = "@$work/question"
url = "$url/"
aws-sigv4 = "aws:amz:$2:$1"
user = "$id:$key"
header = "Content-Type: application/x-amz-json-1.1"
header = "X-Amz-Security-Token: $session"
header = "X-Amz-Target: $3"
END
  [ "$status" = 200 ] && return
  fault=$(answer .__type | sed 's/.*#//' | plain)
  why="$3: \${fault:-status $status} $(answer '.message // .Message' | plain)"
  # a role's rights, and its credentials, may take a while to be known everywhere
  id=
  case $fault in ResourceNotFoundException | Parameter*NotFound | Validation* | Invalid*) return 2 ;; esac
  return 1
}

# from_secretsmanager REGION ID
from_secretsmanager() {
  jq -n --arg id "$2" '{SecretId: $id}' >"$work/question"
  call secretsmanager "$1" secretsmanager.GetSecretValue || return
  if [ "$(answer 'has("SecretString")')" ]; then answer .SecretString >"$work/value"; else answer .SecretBinary | base64 -d >"$work/value"; fi
}

# from_ssm REGION NAME
from_ssm() {
  jq -n --arg name "$2" '{Name: $name, WithDecryption: true}' >"$work/question"
  call ssm "$1" AmazonSSM.GetParameter || return
  answer .Parameter.Value >"$work/value"
}

# take SERVICE.NAME
take() {
  metadata "meta-data/tags/instance/linuxkit.secret.$1" || return
  reference=$(cat "$work/answer")
  case $reference in
  secretsmanager:?*) from_secretsmanager "$region" "\${reference#*:}" ;;
  ssm:?*) from_ssm "$region" "\${reference#*:}" ;;
  arn:*:secretsmanager:*:*:secret:?*) from_secretsmanager "$(echo "$reference" | cut -d : -f 4)" "$reference" ;;
  arn:*:ssm:*:*:parameter/?*) from_ssm "$(echo "$reference" | cut -d : -f 4)" "$reference" ;;
  *)
    why="got $(echo "$reference" | plain), wanted secretsmanager:ID, ssm:NAME or the ARN of one"
    return 2
    ;;
  esac
}

id=
persist "the metadata service at $endpoint" take_token
persist "the machine's region" take_place
persist "the machine's tags" take_keys
while read -r tag || [ "$tag" ]; do
  case $tag in linuxkit.secret.*.*) ;; *) continue ;; esac
  tag=\${tag#linuxkit.secret.}
  deliver "\${tag%%.*}" "\${tag#*.}" "$tag"
done <"$work/keys"
`;
