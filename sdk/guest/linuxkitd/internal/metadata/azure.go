package metadata

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/http1"
)

// azureSource is Azure's Instance Metadata Service.
type azureSource struct{ *source }

// readAzure reads what Azure knows of this machine.
// Source: Microsoft Learn, "Azure Instance Metadata Service for virtual machines".
func readAzure(ctx context.Context, from *source, into *folder) error {
	azure := azureSource{from}
	for _, leaf := range []struct {
		name  string
		paths []string
	}{
		{"instance_id", []string{"compute/vmId"}},
		// a machine of a scale set has a name that no host can have
		{"hostname", []string{"compute/osProfile/computerName", "compute/name"}},
		{"local_ipv4", []string{"network/interface/0/ipv4/ipAddress/0/privateIpAddress"}},
		{"userdata", []string{"compute/userData"}},
	} {
		content, found, err := azure.first(ctx, leaf.paths...)
		if err == nil && found && leaf.name == "userdata" {
			content, err = userDataOf(content)
		}
		if err == nil && found {
			err = into.put(leaf.name, content, modeOf(leaf.name))
		}
		if err != nil {
			return err
		}
	}
	keys, err := azure.keys(ctx)
	if err == nil {
		err = into.putKeys(keys)
	}
	if err == nil {
		err = azure.disks(ctx, into)
	}
	return err
}

func userDataOf(content []byte) ([]byte, error) {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(content)))
	if err != nil {
		return nil, errors.New("metadata: the user data is not base64")
	}
	return decoded, nil
}

// first is the first of several leaves that is there and not empty. A leaf is given as text only.
func (s azureSource) first(ctx context.Context, paths ...string) ([]byte, bool, error) {
	for _, path := range paths {
		content, found, err := s.ask(ctx, http1.Request{
			Address: s.address, Path: "/metadata/instance/" + path + "?api-version=2021-02-01&format=text",
			Headers: []http1.Header{{Name: "Metadata", Value: "true"}},
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

func (s azureSource) keys(ctx context.Context) ([]string, error) {
	var keys []string
	for len(keys) < listLimit {
		content, found, err := s.first(ctx, fmt.Sprintf("compute/publicKeys/%d/keyData", len(keys)))
		if err != nil || !found {
			return keys, err
		}
		// the portal breaks what it is pasted into lines
		keys = append(keys, strings.NewReplacer("\r", "", "\n", "").Replace(string(content)))
	}
	return nil, fmt.Errorf("metadata: the machine has more than %d keys", listLimit)
}

// disks reads the tags: `linuxkit.disk.NAME` is the number by which the machine knows a disk.
func (s azureSource) disks(ctx context.Context, into *folder) error {
	for index := range listLimit {
		tag, found, err := s.first(ctx, fmt.Sprintf("compute/tagsList/%d/name", index))
		if err != nil || !found {
			return err
		}
		name := diskOf(strings.TrimRight(string(tag), "\n"))
		if name == "" {
			continue
		}
		number, found, err := s.first(ctx, fmt.Sprintf("compute/tagsList/%d/value", index))
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("metadata: the tag linuxkit.disk.%s has no value", name)
		}
		if err := into.putDisk(name, "lun:"+strings.TrimRight(string(number), "\n")+"\n", openMode); err != nil {
			return err
		}
	}
	return fmt.Errorf("metadata: the machine has more than %d tags", listLimit)
}
