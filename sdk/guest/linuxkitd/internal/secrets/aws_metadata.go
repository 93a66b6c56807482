package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/http1"
	"pulumi-linuxkit/linuxkitd/internal/printable"
)

func (t *awsTask) takeToken(ctx context.Context) error {
	response, err := t.web.plain(ctx, http1.Request{
		Method: "PUT", Address: t.metadata, Path: "/latest/api/token",
		Headers: []http1.Header{{Name: "X-aws-ec2-metadata-token-ttl-seconds", Value: "900"}},
	})
	if err != nil {
		return err
	}
	if response.Status != 200 || !isPlain(string(response.Body)) {
		return fmt.Errorf("the metadata service gave no token: it answered %d", response.Status)
	}
	t.token = string(response.Body)
	return nil
}

// absent is a path that the metadata service does not have.
type absent string

func (path absent) Error() string {
	return "the metadata service answered 404 for " + string(path)
}

// get asks version 2 of the instance metadata.
func (t *awsTask) get(ctx context.Context, path string) (string, error) {
	response, err := t.web.plain(ctx, http1.Request{
		Address: t.metadata, Path: "/latest/" + path,
		Headers: []http1.Header{{Name: "X-aws-ec2-metadata-token", Value: t.token}},
	})
	if err != nil {
		return "", err
	}
	if response.Status == 404 {
		return "", absent(path)
	}
	if response.Status != 200 {
		return "", fmt.Errorf("the metadata service answered %d for %s", response.Status, path)
	}
	return string(response.Body), nil
}

func (t *awsTask) takePlace(ctx context.Context) error {
	region, err := t.get(ctx, "meta-data/placement/region")
	if err != nil {
		return err
	}
	domain, err := t.get(ctx, "meta-data/services/domain")
	if err != nil {
		return err
	}
	if !isWord(region, "-") || !isHost(domain) {
		return errors.New("the metadata service gave no region and domain")
	}
	t.region, t.domain = region, domain
	return nil
}

func (t *awsTask) takeTags(ctx context.Context) ([]string, error) {
	list, err := t.get(ctx, "meta-data/tags/instance")
	if errors.As(err, new(absent)) {
		err = errors.New("they are not in the metadata: wanted instance metadata tags enabled")
	}
	return strings.Split(list, "\n"), err
}

func (t *awsTask) takeRole(ctx context.Context) error {
	list, err := t.get(ctx, "meta-data/iam/security-credentials/")
	if errors.As(err, new(absent)) {
		return errors.New("this machine has no role: wanted an instance profile")
	}
	if err != nil {
		return err
	}
	role, _, _ := strings.Cut(list, "\n")
	if !isWord(role, "+=,.@_-") {
		return errors.New("the metadata service gave no role")
	}
	text, err := t.get(ctx, "meta-data/iam/security-credentials/"+role)
	if err != nil {
		return err
	}
	var given struct {
		roleCredentials
		Message, Code string
	}
	if err := decode([]byte(text), &given); err != nil || !isPlain(given.AccessKeyID) || !isPlain(given.SecretAccessKey) || !isPlain(given.Token) {
		return fmt.Errorf("the metadata service gave no credentials of the role %s: %s", role, printable.Line(firstNonEmpty(given.Message, given.Code)))
	}
	t.role = &given.roleCredentials
	return nil
}
