package secrets

import (
	"context"
	"strings"
)

// awsTask fetches from Secrets Manager and Parameter Store, by the role of the machine's instance profile.
type awsTask struct {
	*task
	// endpoints are HOST:PORT by service, for the machine's own region; empty for AWS's own.
	endpoints             map[string]string
	token, region, domain string
	role                  *roleCredentials
}

func fetchAWS(ctx context.Context, t *task, secretsmanager, ssm string) error {
	aws := &awsTask{task: t, endpoints: map[string]string{}}
	for service, endpoint := range map[string]string{"secretsmanager": secretsmanager, "ssm": ssm} {
		if endpoint == "" {
			continue
		}
		address, err := addressOf(endpoint)
		if err != nil {
			return err
		}
		aws.endpoints[service] = address
	}
	var tags []string
	for _, step := range []struct {
		what string
		take func(context.Context) error
	}{
		{"the metadata service at " + t.metadata, aws.takeToken},
		{"the machine's region", aws.takePlace},
		{"the machine's tags", func(ctx context.Context) (err error) { tags, err = aws.takeTags(ctx); return err }},
	} {
		if err := t.trial.persist(ctx, step.what, step.take); err != nil {
			return err
		}
	}
	for _, tag := range tags {
		key, found := strings.CutPrefix(tag, "linuxkit.secret.")
		service, name, both := strings.Cut(key, ".")
		if !found || !both {
			continue
		}
		if err := aws.deliver(ctx, service, name, func(ctx context.Context) ([]byte, error) { return aws.take(ctx, key) }); err != nil {
			return err
		}
	}
	return nil
}
