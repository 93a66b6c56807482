package container

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"pulumi-linuxkit/linuxkitd/internal/description"
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

func TestLayersOfAnOverlayAreSources(t *testing.T) {
	config := []byte(`{"mounts":[{"destination":"/a","type":"overlay","source":"overlay","options":["ro","lowerdir=/v/a\\:b:/v/c"]},{"destination":"/b","type":"bind","source":"/v","options":["bind"]}]}`)
	bundle := t.TempDir()
	if err := os.WriteFile(bundle+"/config.json", config, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &Container{Bundle: bundle}
	c.Mounts = []description.Mount{{Type: "overlay", Source: "overlay", Destination: "/m", Options: []string{"lowerdir=/l", "upperdir=/u/x", "workdir=/u/y"}}, {Source: "/s", Destination: "x"}}
	if got := c.Sources(); !slices.Equal(got, []string{"/v", "/v/a:b", "/v/c"}) {
		t.Errorf("got %q", got)
	}
	if got := c.Given(); !slices.Equal(got, []string{"/v", "/v/a:b", "/v/c", "/l", "/u/x", "/u/y", "/s"}) {
		t.Errorf("got %q", got)
	}
	text, err := withSources(config, map[string]string{"/v/a:b": "/run/0"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"options":["ro","lowerdir=/run/0:/v/c"]`) {
		t.Errorf("got %s", text)
	}
}

func TestAnOverlayIsNotWrittenWhereAContainerWrites(t *testing.T) {
	config := []byte(`{"mounts":[{"destination":"/a","type":"overlay","source":"overlay","options":["lowerdir=/v/l","upperdir=/v/u","workdir=/v/w"]}]}`)
	if err := refuseWritten(config, []string{"/v/l"}); err != nil {
		t.Error(err)
	}
	for _, nested := range []string{"/v/u", "/v/w"} {
		if err := refuseWritten(config, []string{nested}); err == nil {
			t.Errorf("%s was taken", nested)
		}
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
