package secrets

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

var role = roleCredentials{"ASIATEST", "wJalr/UtnFEMI+K7MDENG", "IQoJb3JpZ2lu//xx=="}

const (
	awsToken     = "token-of-the-test"
	secretARN    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf"
	distantARN   = "arn:aws:secretsmanager:us-east-1:123456789012:secret:far-AbCdEf"
	parameterARN = "arn:aws:ssm:eu-central-1:123456789012:parameter/prod/api"
)

// awsSecrets answers a signed question, after the faults in turn.
func awsSecrets(t *testing.T, faults ...string) http.HandlerFunc {
	stored := map[string]string{
		"secretsmanager prod/db":       `{"SecretString":"p4ss\"w\\ord\n\tü\u2028 "}`,
		"secretsmanager prod/bytes":    `{"SecretBinary":"` + base64.StdEncoding.EncodeToString([]byte{0, 1, 255, 10, 0}) + `"}`,
		"secretsmanager prod/nothing":  `{"Name":"prod/nothing"}`,
		"secretsmanager prod/odd":      `{"SecretString":["p4ss"]}`,
		"secretsmanager prod/bad":      `{"SecretBinary":"p4ss%%"}`,
		"secretsmanager " + secretARN:  `{"SecretString":"by its ARN"}`,
		"secretsmanager " + distantARN: `{"SecretString":"of another region"}`,
		"ssm /prod/api":                `{"Parameter":{"Value":"key-of-the-api"}}`,
		"ssm " + parameterARN:          `{"Parameter":{"Value":"by the other ARN"}}`,
	}
	return func(w http.ResponseWriter, r *http.Request) {
		refuse := func(status int, kind, message string) {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws#" + kind, "Message": message})
		}
		body, _ := io.ReadAll(r.Body)
		if !isSigned(r, body) {
			refuse(403, "InvalidSignatureException", "does not match")
			return
		}
		if len(faults) > 0 {
			kind := faults[0]
			faults = faults[1:]
			refuse(400, kind, "as the test wants\x1b[2J")
			return
		}
		var input struct {
			ID             string `json:"SecretId"`
			Name           string
			WithDecryption bool
		}
		if err := json.Unmarshal(body, &input); err != nil {
			t.Errorf("the question is not JSON: %v", err)
		}
		key := "secretsmanager " + input.ID
		if r.Header.Get("X-Amz-Target") == "AmazonSSM.GetParameter" {
			if key = "ssm " + input.Name; !input.WithDecryption {
				key = ""
			}
		}
		if strings.HasSuffix(key, "denied") {
			refuse(400, "AccessDeniedException", "User: arn:aws:sts::1:assumed-role/web/i-1 is not authorized")
			return
		}
		answer, found := stored[key]
		if !found {
			refuse(400, map[bool]string{true: "ParameterNotFound", false: "ResourceNotFoundException"}[strings.HasPrefix(key, "ssm")], "")
			return
		}
		_, _ = io.WriteString(w, answer)
	}
}

// isSigned signs the request again, as the service does.
func isSigned(r *http.Request, body []byte) bool {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 5*time.Minute || r.Header.Get("X-Amz-Security-Token") != role.Token || r.URL.String() != "/" {
		return false
	}
	service := "secretsmanager"
	if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM.") {
		service = "ssm"
	}
	region := "eu-central-1"
	if strings.Contains(r.Host, ".us-east-1.") {
		region = "us-east-1"
	}
	headers := sign(requestOf(r, body), region, service, role, at)
	return headers[len(headers)-1].Value == r.Header.Get("Authorization")
}

// awsMetadata is that of a machine with a role and tags.
func awsMetadata(tags map[string]string, with roleCredentials) map[string]string {
	credentials, _ := json.Marshal(map[string]string{"Code": "Success", "AccessKeyId": with.AccessKeyID, "SecretAccessKey": with.SecretAccessKey, "Token": with.Token})
	content := map[string]string{
		"/latest/meta-data/placement/region": "eu-central-1", "/latest/meta-data/services/domain": "amazonaws.com",
		"/latest/meta-data/iam/security-credentials/": "web", "/latest/meta-data/iam/security-credentials/web": string(credentials),
	}
	if tags == nil {
		return content
	}
	names := []string{"Name"}
	for name, value := range tags {
		names = append(names, "linuxkit.secret."+name)
		content["/latest/meta-data/tags/instance/linuxkit.secret."+name] = value
	}
	content["/latest/meta-data/tags/instance"] = strings.Join(names, "\n")
	return content
}

func runAWS(t *testing.T, metadata map[string]string, within time.Duration, faults ...string) (outcome, *cloud) {
	t.Helper()
	c := newCloud(t, [2]string{"X-Aws-Ec2-Metadata-Token", awsToken}, metadata, awsSecrets(t, faults...))
	return run(t, "aws", c, c.authority(), []string{c.url(), c.url()}, within, "web", "jobs"), c
}

func TestAWSDeliversTextAndBytesOfBothServices(t *testing.T) {
	o, _ := runAWS(t, awsMetadata(map[string]string{
		"web.db": "secretsmanager:prod/db", "web.api.key": "ssm:/prod/api", "jobs.bytes": "secretsmanager:prod/bytes",
		"jobs.arn": parameterARN, "jobs.other": secretARN, "gone.key": "ssm:/prod/none",
	}, role), 5*time.Second)
	wanted := map[string]string{
		"web/db": "p4ss\"w\\ord\n\tü\u2028 ", "web/api.key": "key-of-the-api", "jobs/bytes": "\x00\x01\xff\n\x00",
		"jobs/arn": "by the other ARN", "jobs/other": "by its ARN",
	}
	if o.err != nil || !maps.Equal(o.files, wanted) {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
	for name, mode := range o.modes {
		if mode != 0o400 {
			t.Errorf("%s has mode %o", name, mode)
		}
	}
	for _, line := range []string{"secrets: web.db is there\n", "secrets: gone.key is passed over: no service gone of this machine names secrets\n"} {
		if !strings.Contains(o.log, line) {
			t.Errorf("got the log %q, wanted %q", o.log, line)
		}
	}
}

func TestAWSAsksAnotherRegionAtItsOwnEndpoint(t *testing.T) {
	o, c := runAWS(t, awsMetadata(map[string]string{"web.db": distantARN}, role), 5*time.Second)
	if o.err != nil || o.files["web/db"] != "of another region" || !slices.Equal(c.dialled, []string{"secretsmanager.us-east-1.amazonaws.com:443"}) {
		t.Fatalf("got %q, %v and %v", o.files, c.dialled, o.err)
	}
}

func TestAWSAsksAgainWhereThatMayHelp(t *testing.T) {
	o, c := runAWS(t, awsMetadata(map[string]string{"web.api": "ssm:/prod/api"}, role), 5*time.Second, "ThrottlingException", "InternalServiceError")
	if o.err != nil || o.files["web/api"] != "key-of-the-api" || len(c.asked) != 3 {
		t.Fatalf("got %q, %v and %v", o.files, c.asked, o.err)
	}
}

func TestAWSWithoutSecretsAsksForNothing(t *testing.T) {
	o, c := runAWS(t, awsMetadata(map[string]string{}, role), time.Second)
	if o.err != nil || len(c.asked) != 0 {
		t.Fatalf("got %v and %v", c.asked, o.err)
	}
}

func TestAWSFails(t *testing.T) {
	one := func(reference string) map[string]string {
		return awsMetadata(map[string]string{"web.db": reference}, role)
	}
	without := func(path string, metadata map[string]string) map[string]string {
		delete(metadata, path)
		return metadata
	}
	with := func(path, value string, metadata map[string]string) map[string]string {
		metadata[path] = value
		return metadata
	}
	const secrets = "/latest/meta-data/iam/security-credentials/"
	for name, row := range map[string]struct {
		metadata map[string]string
		message  string
	}{
		"a secret that is not there":           {one("secretsmanager:prod/none"), "secrets: web.db: secretsmanager.GetSecretValue: ResourceNotFoundException"},
		"a parameter that is not there":        {one("ssm:/prod/none"), "secrets: web.db: AmazonSSM.GetParameter: ParameterNotFound"},
		"a role that may not":                  {one("secretsmanager:prod/denied"), "AccessDeniedException User: arn:aws:sts::1:assumed-role/web/i-1 is not authorized; tried for 1 s"},
		"no role":                              {without(secrets, one("ssm:/prod/api")), "secrets: web.db: this machine has no role: wanted an instance profile; tried for 1 s"},
		"a role of another account":            {awsMetadata(map[string]string{"web.db": "ssm:/prod/api"}, roleCredentials{role.AccessKeyID, "other", role.Token}), "InvalidSignatureException"},
		"a role's name with a path":            {with(secrets, "../../../x", one("ssm:/prod/api")), "gave no role"},
		"a role without credentials":           {with(secrets+"web", `{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume\nthe role"}`, one("ssm:/prod/api")), "gave no credentials of the role web: EC2 cannot assume the role; tried"},
		"credentials with a line break":        {with(secrets+"web", `{"AccessKeyId":"a","SecretAccessKey":"b","Token":"c\r\nX: y"}`, one("ssm:/prod/api")), "gave no credentials of the role web"},
		"credentials that are not JSON":        {with(secrets+"web", `p4ss`, one("ssm:/prod/api")), "gave no credentials of the role web"},
		"tags that are not in the metadata":    {awsMetadata(nil, role), "secrets: the machine's tags: they are not in the metadata: wanted instance metadata tags enabled; tried for 1 s"},
		"a region that is part of another URL": {with("/latest/meta-data/placement/region", "x/../../y", one("ssm:/prod/api")), "secrets: the machine's region: the metadata service gave no region and domain"},
		"a domain that is part of another URL": {with("/latest/meta-data/services/domain", "evil.example/", one("ssm:/prod/api")), "gave no region and domain"},
		"a reference of another kind":          {one("vault:prod/db"), "secrets: web.db: got vault:prod/db, wanted secretsmanager:ID, ssm:NAME or the ARN of one"},
		"a reference with terminal sequences":  {one("x\x1b[2J"), "secrets: web.db: got x[2J, wanted secretsmanager:ID"},
		"an ARN whose region is another host":  {one("arn:aws:ssm:evil.example/x?:123456789012:parameter/a"), "wanted secretsmanager:ID"},
		"an ARN with curl's configuration":     {one("arn:aws:ssm:x\"\nurl = \"http://evil:1:parameter/a"), "wanted secretsmanager:ID"},
		"a name that leaves the folder":        {awsMetadata(map[string]string{"web...db": "ssm:/prod/api"}, role), "secrets: web...db: got a name that no secret can have"},
		"a service that leaves the folder":     {awsMetadata(map[string]string{"../web.db": "ssm:/prod/api"}, role), "got a name that no secret can have"},
		"a value that is not there":            {one("secretsmanager:prod/nothing"), "secrets: web.db: it has no value"},
		"a value of another type":              {one("secretsmanager:prod/odd"), "secretsmanager.GetSecretValue: the answer is not the JSON that was wanted; tried"},
		"a value that is not base64":           {one("secretsmanager:prod/bad"), "the value is not base64; tried"},
	} {
		o, _ := runAWS(t, row.metadata, time.Millisecond)
		o.mustSay(t, name, row.message)
		if len(o.files) != 0 {
			t.Errorf("%s: got the files %q", name, o.files)
		}
	}
}

func TestAWSShowsNothingToAServerThatNoAuthorityKnows(t *testing.T) {
	c := newCloud(t, [2]string{"X-Aws-Ec2-Metadata-Token", awsToken}, awsMetadata(map[string]string{"web.db": "ssm:/prod/api"}, role), awsSecrets(t))
	another, _ := newAuthority(t)
	o := run(t, "aws", c, another, []string{c.url(), c.url()}, time.Millisecond, "web")
	o.mustSay(t, "another authority", "secrets: web.db: tls: failed to verify certificate: x509: certificate signed by unknown authority")
	if len(c.asked) != 0 {
		t.Errorf("the server was asked %v", c.asked)
	}
}

func TestParseAWS(t *testing.T) {
	for text, wanted := range map[string]awsReference{
		"secretsmanager:prod/db": {"secretsmanager", "", "prod/db"},
		"ssm:/a:3":               {"ssm", "", "/a:3"},
		secretARN:                {"secretsmanager", "eu-central-1", secretARN},
		"arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a/b": {"ssm", "cn-north-1", "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a/b"},
	} {
		if got, valid := parseAWS(text); !valid || got != wanted {
			t.Errorf("%q: got %v and %v", text, got, valid)
		}
	}
	for _, text := range []string{"", "ssm:", "secretsmanager:", "s3:x", "arn:aws:ssm:eu-central-1:1:secret:a", "arn:aws:secretsmanager:eu-central-1:1:parameter/a", "arn:aws:ssm::1:parameter/a", "arn:aws:ssm:eu-central-1:1:parameter/", "arn:aws:ssm:eu_central:1:parameter/a"} {
		if got, valid := parseAWS(text); valid {
			t.Errorf("%q: got %v, wanted a refusal", text, got)
		}
	}
}
