package metadata

import (
	"context"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/http1"
)

// gcpSource is Compute Engine's metadata server.
type gcpSource struct{ *source }

// readGCP reads what Compute Engine knows of this machine.
// Source: Compute Engine, "Predefined metadata keys".
func readGCP(ctx context.Context, from *source, into *folder) error {
	gcp := gcpSource{from}
	for _, leaf := range []struct {
		name  string
		paths []string
	}{
		{"instance_id", []string{"instance/id"}},
		{"hostname", []string{"instance/hostname"}},
		{"local_ipv4", []string{"instance/network-interfaces/0/ip"}},
		{"userdata", []string{"instance/attributes/user-data", "instance/attributes/userdata", "instance/attributes/startup-script"}},
	} {
		content, found, err := gcp.first(ctx, leaf.paths...)
		if err == nil && found {
			err = into.put(leaf.name, content, modeOf(leaf.name))
		}
		if err != nil {
			return err
		}
	}
	keys, err := gcp.keys(ctx, time.Now())
	if err != nil {
		return err
	}
	return into.putKeys(keys)
}

// first is the first of several things that is there and not empty.
func (s gcpSource) first(ctx context.Context, paths ...string) ([]byte, bool, error) {
	for _, path := range paths {
		content, found, err := s.ask(ctx, http1.Request{
			Address: s.address, Path: "/computeMetadata/v1/" + path,
			Headers: []http1.Header{{Name: "Metadata-Flavor", Value: "Google"}},
		})
		if err != nil {
			return nil, false, err
		}
		if found && len(content) > 0 {
			return content, true, nil
		}
	}
	return nil, false, nil
}

// isTrue reads a switch of the instance, or else of the project.
func (s gcpSource) isTrue(ctx context.Context, attribute string) (bool, error) {
	content, _, err := s.first(ctx, "instance/attributes/"+attribute, "project/attributes/"+attribute)
	switch strings.ToLower(strings.TrimRight(string(content), "\n")) {
	case "true", "y", "yes", "1":
		return true, err
	}
	return false, err
}

// keys are those that Google's guest environment takes.
func (s gcpSource) keys(ctx context.Context, now time.Time) ([]string, error) {
	// with OS Login the cloud says at each login whose it is, and keys in the metadata do not count
	if login, err := s.isTrue(ctx, "enable-oslogin"); err != nil || login {
		return nil, err
	}
	var keys []string
	content, _, err := s.first(ctx, "instance/attributes/ssh-keys")
	if err != nil {
		return nil, err
	}
	keys = append(keys, keysOf(string(content), now)...)
	// the former name, beside which the project's keys do not count
	content, found, err := s.first(ctx, "instance/attributes/sshKeys")
	if err != nil {
		return nil, err
	}
	if !found {
		blocked, err := s.isTrue(ctx, "block-project-ssh-keys")
		if err != nil {
			return nil, err
		}
		if blocked {
			return keys, nil
		}
		if content, _, err = s.first(ctx, "project/attributes/ssh-keys"); err != nil {
			return nil, err
		}
	}
	return append(keys, keysOf(string(content), now)...), nil
}
