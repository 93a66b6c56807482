package docker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// fake is an engine: images by name, containers of the definition by name, as `container inspect` shows them.
type fake struct {
	images, containers map[string]string
	// changes are the commands that change something
	changes []string
	// fails is a command that fails
	fails string
}

var errMissing = errors.New("no such object")

func (f *fake) docker(_ context.Context, args ...string) (string, error) {
	last := args[len(args)-1]
	if f.fails != "" && args[0] == f.fails {
		return "", errors.New("refused")
	}
	switch args[0] + " " + args[1] {
	case "image inspect":
		return found(f.images, last)
	case "container inspect":
		return found(f.containers, last)
	case "ps --all":
		var names []string
		for name := range f.containers {
			names = append(names, name)
		}
		slices.Sort(names)
		return strings.Join(names, "\n"), nil
	}
	f.changes = append(f.changes, strings.Join(args, "|"))
	if args[0] == "pull" {
		f.images[last] = "sha256:" + last
	}
	return "", nil
}

func found(all map[string]string, name string) (string, error) {
	if id, is := all[name]; is {
		return id, nil
	}
	return "", errMissing
}

var web = Container{Name: "web", Image: "nginx:1", Hash: "aa", Options: []string{"--env", "A=it's $HOME"}, Command: []string{"a b"}}

const runWeb = "run|--detach|--restart|always|--name|web|--label|org.pulumi-linuxkit.container=aa|--env|A=it's $HOME|nginx:1|a b"

func TestAnEngineGetsWhatItLacks(t *testing.T) {
	for _, row := range []struct {
		name               string
		content            Content
		images, containers map[string]string
		want               []string
	}{
		{"archives are loaded each time", Content{Archives: []string{"/0.tar"}}, nil, nil, []string{"load|--quiet|--input|/0.tar"}},
		{"an image that is missing is pulled", Content{Images: []string{"a:1", "b:1"}}, map[string]string{"a:1": "x"}, nil, []string{"pull|--quiet|b:1"}},
		{"a container that is missing is run", Content{Containers: []Container{web}}, map[string]string{"nginx:1": "sha256:1"}, nil, []string{runWeb}},
		{"its image is pulled", Content{Containers: []Container{web}}, nil, nil, []string{"pull|--quiet|nginx:1", runWeb}},
		{"one that is as it is wanted stays", Content{Containers: []Container{web}}, map[string]string{"nginx:1": "sha256:1"}, map[string]string{"web": "sha256:1 aa"}, nil},
		{"one of another image is replaced", Content{Containers: []Container{web}}, map[string]string{"nginx:1": "sha256:2"}, map[string]string{"web": "sha256:1 aa"}, []string{"rm|--force|web", runWeb}},
		{"one of other arguments is replaced", Content{Containers: []Container{web}}, map[string]string{"nginx:1": "sha256:1"}, map[string]string{"web": "sha256:1 bb"}, []string{"rm|--force|web", runWeb}},
		{"one that is wanted no longer is removed", Content{}, nil, map[string]string{"old": "sha256:1 cc", "we": "sha256:1 dd"}, []string{"rm|--force|old", "rm|--force|we"}},
	} {
		engine := &fake{images: row.images, containers: row.containers}
		if engine.images == nil {
			engine.images = map[string]string{}
		}
		if err := client(engine.docker).give(t.Context(), row.content); err != nil || !slices.Equal(engine.changes, row.want) {
			t.Errorf("%s: got %q and %v, wanted %q", row.name, engine.changes, err, row.want)
		}
	}
}

func TestAFailureEndsIt(t *testing.T) {
	whole := Content{Archives: []string{"/0.tar"}, Images: []string{"a:1"}, Containers: []Container{web}}
	for _, command := range []string{"load", "pull", "ps", "rm", "run"} {
		engine := &fake{images: map[string]string{}, containers: map[string]string{"old": "x"}, fails: command}
		if err := client(engine.docker).give(t.Context(), whole); err == nil {
			t.Errorf("%s: no failure", command)
		}
	}
}

func TestContentIsReadStrictly(t *testing.T) {
	const good = `{"archives":["/0.tar"],"images":[],"containers":[{"name":"web","image":"nginx:1","hash":"aa","options":[],"command":[]}]}`
	if content, err := decode([]byte(good)); err != nil || content.Containers[0].Name != "web" {
		t.Errorf("got %+v and %v", content, err)
	}
	for _, bad := range []string{"", "[]", `{"archive":[]}`, good + "{}", good[:len(good)-1], `{"images":"nginx"}`} {
		if content, err := decode([]byte(bad)); err == nil {
			t.Errorf("%q: got %+v", bad, content)
		}
	}
	if err := RunContent(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "wanted a file") {
		t.Errorf("got %v", err)
	}
}
