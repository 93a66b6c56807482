package metadata

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/http1"
)

// awsSource is version 2 of EC2's instance metadata: every question carries a token.
type awsSource struct {
	*source
	token string
}

// readAWS reads what EC2 knows of this machine.
// Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
func readAWS(ctx context.Context, from *source, into *folder) error {
	aws := awsSource{source: from}
	if err := aws.takeToken(ctx); err != nil {
		return err
	}
	for _, leaf := range []struct{ path, name string }{
		{"user-data", "userdata"},
		{"meta-data/hostname", "hostname"},
		{"meta-data/instance-id", "instance_id"},
		{"meta-data/local-ipv4", "local_ipv4"},
		{"meta-data/public-keys/0/openssh-key", "ssh/authorized_keys"},
	} {
		content, found, err := aws.get(ctx, leaf.path)
		if err == nil && found {
			err = into.put(leaf.name, content, modeOf(leaf.name))
		}
		if err != nil {
			return err
		}
	}
	return readAWSDisks(ctx, aws, into)
}

// modeOf says what everyone on the machine may read.
func modeOf(name string) fs.FileMode {
	switch name {
	case "hostname", "instance_id", "local_ipv4":
		return openMode
	}
	return secretMode
}

func (s *awsSource) takeToken(ctx context.Context) error {
	token, found, err := s.ask(ctx, http1.Request{
		Method: "PUT", Address: s.address, Path: "/latest/api/token",
		Headers: []http1.Header{{Name: "X-aws-ec2-metadata-token-ttl-seconds", Value: "300"}},
	})
	var silent *silence
	if errors.As(err, &silent) || (err == nil && !found) {
		return fmt.Errorf("metadata: no answer from %s within %s s: is the metadata service enabled for this machine?", s.address, s.seconds)
	}
	s.token = string(bytes.TrimSpace(token))
	return err
}

func (s *awsSource) get(ctx context.Context, path string) ([]byte, bool, error) {
	return s.ask(ctx, http1.Request{
		Address: s.address, Path: "/latest/" + path,
		Headers: []http1.Header{{Name: "X-aws-ec2-metadata-token", Value: s.token}},
	})
}

// readAWSDisks reads the tags: `linuxkit.disk.NAME` is a volume's id, which is its disk's serial but for the dash.
func readAWSDisks(ctx context.Context, aws awsSource, into *folder) error {
	list, found, err := aws.get(ctx, "meta-data/tags/instance")
	if err != nil || !found {
		return err
	}
	tags := strings.Split(string(list), "\n")
	if len(tags) > listLimit {
		return fmt.Errorf("metadata: the machine has more than %d tags", listLimit)
	}
	for _, tag := range tags {
		name := diskOf(tag)
		if name == "" {
			continue
		}
		id, found, err := aws.get(ctx, "meta-data/tags/instance/"+tag)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		serial := string(id)
		if after, isVolume := strings.CutPrefix(serial, "vol-"); isVolume {
			serial = "vol" + after
		}
		if err := into.putDisk(name, serial, secretMode); err != nil {
			return err
		}
	}
	return nil
}
