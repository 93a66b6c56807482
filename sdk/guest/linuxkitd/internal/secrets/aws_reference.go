package secrets

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/printable"
)

// awsReference says where AWS keeps a secret. Region is empty for the machine's own.
type awsReference struct{ service, region, id string }

// parseAWS reads `secretsmanager:ID`, `ssm:NAME` or the ARN of a secret or parameter.
// A region becomes part of the host that the role's credentials are shown to: it has letters, digits and dashes only.
func parseAWS(text string) (awsReference, bool) {
	kind, rest, _ := strings.Cut(text, ":")
	if (kind == "secretsmanager" || kind == "ssm") && rest != "" {
		return awsReference{kind, "", rest}, true
	}
	part := strings.SplitN(text, ":", 6)
	if len(part) != 6 || part[0] != "arn" || !isWord(part[3], "-") {
		return awsReference{}, false
	}
	for service, prefix := range map[string]string{"secretsmanager": "secret:", "ssm": "parameter/"} {
		if name, found := strings.CutPrefix(part[5], prefix); part[2] == service && found && name != "" {
			return awsReference{service, part[3], text}, true
		}
	}
	return awsReference{}, false
}

// take fetches the secret that the tag linuxkit.secret.KEY refers to.
func (t *awsTask) take(ctx context.Context, key string) ([]byte, error) {
	text, err := t.get(ctx, "meta-data/tags/instance/linuxkit.secret."+key)
	if err != nil {
		return nil, err
	}
	reference, valid := parseAWS(strings.TrimRight(text, "\n"))
	if !valid {
		return nil, finally("got %s, wanted secretsmanager:ID, ssm:NAME or the ARN of one", printable.Line(text))
	}
	region := firstNonEmpty(reference.region, t.region)
	if reference.service == "ssm" {
		return t.fromParameterStore(ctx, region, reference.id)
	}
	return t.fromSecretsManager(ctx, region, reference.id)
}

func (t *awsTask) fromSecretsManager(ctx context.Context, region, id string) ([]byte, error) {
	input := struct {
		ID string `json:"SecretId"`
	}{id}
	var output struct{ SecretString, SecretBinary *string }
	if err := t.call(ctx, "secretsmanager", region, "secretsmanager.GetSecretValue", input, &output); err != nil {
		return nil, err
	}
	switch {
	case output.SecretString != nil:
		return []byte(*output.SecretString), nil
	case output.SecretBinary != nil:
		value, err := base64.StdEncoding.DecodeString(*output.SecretBinary)
		if err != nil {
			return nil, errors.New("secretsmanager.GetSecretValue: the value is not base64")
		}
		return value, nil
	}
	return nil, nil
}

func (t *awsTask) fromParameterStore(ctx context.Context, region, name string) ([]byte, error) {
	input := struct {
		Name           string
		WithDecryption bool
	}{name, true}
	var output struct{ Parameter struct{ Value string } }
	err := t.call(ctx, "ssm", region, "AmazonSSM.GetParameter", input, &output)
	return []byte(output.Parameter.Value), err
}
