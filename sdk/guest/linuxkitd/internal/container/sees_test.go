package container

import (
	"os"
	"path/filepath"
	"testing"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

func TestWhatAContainerSeesOfTheMachine(t *testing.T) {
	const folder = "/usr/lib/modules"
	for name, row := range map[string]struct {
		config string
		mounts []description.Mount
		want   bool
	}{
		"nothing":                  {`{"mounts":[{"type":"proc","source":"proc"}]}`, nil, false},
		"no mounts":                {`{}`, nil, false},
		"another folder":           {`{"mounts":[{"source":"/srv/web"},{"source":"/usr/lib/modules-load.d"}]}`, nil, false},
		"the root":                 {`{"mounts":[{"source":"/","options":["bind"]}]}`, nil, true},
		"what is above":            {`{"mounts":[{"source":"/usr/"}]}`, nil, true},
		"the folder":               {`{"mounts":[{"source":"/lib/modules"}]}`, nil, true},
		"one file of it":           {`{"mounts":[{"source":"/lib/modules/veth.ko"}]}`, nil, true},
		"a mount of the machine's": {`{}`, []description.Mount{{Type: "bind", Source: "/usr/lib/modules"}}, true},
		"a layer of an overlay":    {`{}`, []description.Mount{{Type: "overlay", Source: "overlay", Options: []string{"lowerdir=/a:/lib"}}}, true},
		"layers of others":         {`{}`, []description.Mount{{Type: "overlay", Source: "overlay", Options: []string{"lowerdir=/a:/b"}}}, false},
		"what is no configuration": {`{`, nil, true},
	} {
		bundle := t.TempDir()
		if err := os.WriteFile(filepath.Join(bundle, "config.json"), []byte(row.config), 0o644); err != nil {
			t.Fatal(err)
		}
		c := &Container{Container: description.Container{Mounts: row.mounts}, Bundle: bundle}
		if got := c.Sees(folder); got != row.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if !(&Container{Bundle: filepath.Join(t.TempDir(), "missing")}).Sees(folder) {
		t.Error("a container without configuration sees nothing")
	}
}
