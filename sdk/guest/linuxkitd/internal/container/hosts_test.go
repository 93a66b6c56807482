package container

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

const names = "127.0.0.1 localhost\n10.77.0.11 m1\n10.77.0.12 m2\n"

func TestTheNamesOfMachinesAreInTheHostsFile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(outside, []byte("192.0.2.1 machine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		root   func(folder string) error
		mounts string
		names  string
		want   string
	}{
		"of the image": {
			func(root string) error {
				return os.WriteFile(root+"/etc/hosts", []byte("127.0.0.1       localhost\n192.0.2.1 own"), 0o644)
			},
			`[{"destination":"/proc","type":"proc"}]`, names, "127.0.0.1       localhost\n192.0.2.1 own\n10.77.0.11 m1\n10.77.0.12 m2\n",
		},
		"that the build made": {
			func(root string) error { return os.WriteFile(root+"/../hosts", []byte("10.0.0.2\tdb\n"), 0o644) },
			`[{"destination":"/etc/hosts","source":"BUNDLE/hosts"}]`, names, "10.0.0.2\tdb\n127.0.0.1 localhost\n10.77.0.11 m1\n10.77.0.12 m2\n",
		},
		"that the service binds":           {nil, `[{"destination":"/etc/hosts","source":"/run/config/hosts"}]`, names, ""},
		"in a folder that it binds":        {nil, `[{"destination":"/etc/","source":"/etc"}]`, names, ""},
		"below a folder of a similar name": {nil, `[{"destination":"/etc/hosts.d"},{"destination":"/et"}]`, names, names},
		"without a network":                {nil, `[]`, "", ""},
		"of an image without one":          {func(root string) error { return os.Remove(root + "/etc/hosts") }, `[]`, names, ""},
		"that is a link out of the image": {func(root string) error {
			_ = os.Remove(root + "/etc/hosts")
			return os.Symlink(outside, root+"/etc/hosts")
		}, `[]`, names, ""},
		"in a folder that is a link out": {func(root string) error {
			_ = os.RemoveAll(root + "/etc")
			return os.Symlink(filepath.Dir(outside), root+"/etc")
		}, `[]`, names, ""},
		"that is a folder": {func(root string) error { _ = os.Remove(root + "/etc/hosts"); return os.Mkdir(root+"/etc/hosts", 0o755) }, `[]`, names, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bundle := t.TempDir()
			c := &Container{Bundle: bundle, Container: description.Container{Rootfs: description.Rootfs{Readonly: true}}}
			root := c.Rootfs()
			if err := os.MkdirAll(root+"/etc", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(root+"/etc/hosts", nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if row.root != nil {
				if err := row.root(root); err != nil {
					t.Fatal(err)
				}
			}
			config := []byte(`{"mounts":` + strings.ReplaceAll(row.mounts, "BUNDLE", bundle) + `}`)
			if got := string(c.hostsWith(config, []byte(row.names))); got != row.want {
				t.Errorf("got %q, wanted %q", got, row.want)
			}
		})
	}
}

func TestAConfigurationHasOneHostsFile(t *testing.T) {
	got, err := withHosts([]byte(`{"root":{"path":"rootfs"},"mounts":[{"destination":"/proc"},{"destination":"/etc/hosts","source":"/a"}]}`), "/b")
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Root   struct{ Path string }
		Mounts []struct{ Destination, Source string }
	}
	if err := json.Unmarshal(got, &parsed); err != nil {
		t.Fatal(err)
	}
	if parsed.Root.Path != "rootfs" || len(parsed.Mounts) != 2 || parsed.Mounts[0].Destination != "/proc" || parsed.Mounts[1].Source != "/b" {
		t.Errorf("got %s", got)
	}
}
