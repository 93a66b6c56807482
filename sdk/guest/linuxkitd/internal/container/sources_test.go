package container

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestSourcesBelowAnotherOne(t *testing.T) {
	all := []string{"/", "/mnt/data", "/mnt/data/sub", "/mnt/database", "/run/web", "/etc/hosts", "/run/web/a/b"}
	want := []string{"/mnt/data/sub", "/run/web/a/b"}
	if got := Nested(all, all); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestSourcesOfAConfiguration(t *testing.T) {
	config := []byte(`{"mounts":[{"destination":"/a","source":"/x/y"},{"source":"proc"},{"source": "/spaced"},{"source":"/with \"quotes\"/"},{"source":"/z`)
	if got := sourcesIn(config); !slices.Equal(got, []string{"/x/y", "/spaced", `/with "quotes"`}) {
		t.Errorf("got %q", got)
	}
}

func TestAConfigurationWithOtherSources(t *testing.T) {
	config := []byte(`{"hooks":{"x":1.50},"mounts":[{"destination":"/a","source":"/x/","options":["rw"]},{"destination":"/b","source":"/y"}]}`)
	text, err := withSources(config, map[string]string{"/x": "/run/0"})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Hooks  json.RawMessage
		Mounts []struct{ Destination, Source string }
	}
	if err := json.Unmarshal(text, &got); err != nil || string(got.Hooks) != `{"x":1.50}` || got.Mounts[0].Source != "/run/0" || got.Mounts[1].Source != "/y" {
		t.Errorf("got %s", text)
	}
}
