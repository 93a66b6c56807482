// Package secrets fetches the secrets of the machine's services by the machine's own identity.
// It is the one task that speaks TLS.
package secrets

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/seconds"
)

// Run fetches the secrets of a cloud's machine:
//
//	secrets aws ADDRESS:PORT SECONDS AUTHORITIES SECRETSMANAGER SSM
//	secrets gcp ADDRESS:PORT SECONDS AUTHORITIES SECRETMANAGER
//	secrets azure ADDRESS:PORT SECONDS AUTHORITIES KEYVAULT IDENTITY
//
// The address is that of the metadata service, AUTHORITIES a file of certificates as PEM. The words after it may be
// empty: URLs of endpoints, of Azure the HOST:PORT to connect to and a client id.
// SECRETS in the environment names another folder than /run/linuxkit/secrets.
func Run(ctx context.Context, args []string) error {
	if len(args) < 4 {
		return fmt.Errorf("secrets: got %d words, wanted a cloud, an address with its port, seconds and a file of authorities", len(args))
	}
	cloud, address, limit, authorities, own := args[0], args[1], args[2], args[3], args[4:]
	within, err := seconds.Parse(limit)
	if err != nil {
		return fmt.Errorf("secrets: %w", err)
	}
	place := os.Getenv("SECRETS")
	if place == "" {
		place = "/run/linuxkit/secrets"
	}
	into, err := openFolder(place, os.Stdout)
	if err != nil {
		return err
	}
	defer into.close()
	web, err := newWeb(authorities)
	if err != nil {
		return err
	}
	return fetch(ctx, cloud, own, &task{
		metadata: address, web: web, into: into,
		trial: trial{seconds: limit, deadline: time.Now().Add(within), pause: time.Second},
	})
}

// task is what fetching has in common on all clouds.
type task struct {
	metadata string
	web      *web
	into     *folder
	trial    trial
}

func fetch(ctx context.Context, cloud string, own []string, t *task) error {
	word := func(index int) string {
		if index < len(own) {
			return own[index]
		}
		return ""
	}
	switch cloud {
	case "aws":
		return fetchAWS(ctx, t, word(0), word(1))
	case "gcp":
		return fetchGCP(ctx, t, word(0))
	case "azure":
		return fetchAzure(ctx, t, word(0), word(1))
	}
	return fmt.Errorf("secrets: got the cloud %q, wanted aws, gcp or azure", cloud)
}

// deliverAll delivers what refer names, each secret by take. from is what refer asks, for messages.
func (t *task) deliverAll(ctx context.Context, from string, refer func(context.Context) ([]reference, error), take func(ctx context.Context, at string) ([]byte, error)) error {
	var named []reference
	if err := t.trial.persist(ctx, from, func(ctx context.Context) (err error) {
		named, err = refer(ctx)
		return err
	}); err != nil {
		return err
	}
	for _, one := range named {
		if err := t.deliver(ctx, one.service, one.name, func(ctx context.Context) ([]byte, error) { return take(ctx, one.at) }); err != nil {
			return err
		}
	}
	return nil
}

// deliver puts the secret of a service that take fetches into the service's folder.
func (t *task) deliver(ctx context.Context, service, name string, take func(context.Context) ([]byte, error)) error {
	wanted, err := t.into.wants(service, name)
	if err != nil || !wanted {
		return err
	}
	what := service + "." + name
	var value []byte
	if err := t.trial.persist(ctx, what, func(ctx context.Context) (err error) {
		value, err = take(ctx)
		return err
	}); err != nil {
		return err
	}
	if len(value) == 0 {
		return fmt.Errorf("secrets: %s: it has no value", what)
	}
	return t.into.keep(service, name, value)
}

// logf writes one line to a log.
func logf(log io.Writer, format string, words ...any) { fmt.Fprintf(log, format+"\n", words...) }
