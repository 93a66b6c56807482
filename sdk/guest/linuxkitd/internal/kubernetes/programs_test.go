package kubernetes

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/process"
)

// standIns write down what they are started with. containerd answers once it has made the file "ready".
const (
	containerdThatWorks = `echo "containerd $*" >>log; trap 'echo term >>log; exit 0' TERM; : >ready; while :; do sleep 0.01; done`
	kubeletThatEnds     = `echo "kubelet $*" >>log; exit 1`
	loader              = `echo "load $(basename "$1")" >>log`
)

// table reaps for all tests: two of them would take each other's ends.
var table = sync.OnceValue(func() *process.Table {
	one := process.NewTable()
	go one.Reap()
	return one
})

type node struct {
	*programs
	folder string
}

func newNode(t *testing.T, containerd, kubelet, load string, archives ...string) node {
	folder := t.TempDir()
	t.Chdir(folder)
	for _, name := range archives {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script := func(text string) []string { return []string{"sh", "-c", text, "script"} }
	return node{&programs{
		containerd: script(containerd), kubelet: script(kubelet), answers: script("[ -e ready ]"), load: script(load),
		archives: folder, again: time.Millisecond, pause: time.Millisecond, table: table(),
	}, folder}
}

func (n node) log() string {
	text, _ := os.ReadFile(filepath.Join(n.folder, "log"))
	return string(text)
}

func (n node) stopAfter(t *testing.T, words ...string) context.Context {
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	go func() {
		defer stop()
		for ctx.Err() == nil {
			if log := n.log(); strings.Count(log, words[0]) >= len(words) {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	return ctx
}

func TestKubeletStartsAgainBesideContainerd(t *testing.T) {
	n := newNode(t, containerdThatWorks, kubeletThatEnds, loader, "b.tar", "a.tar", "none.txt")
	if err := n.run(n.stopAfter(t, "kubelet", "kubelet", "kubelet")); err != nil {
		t.Fatal(err)
	}
	log := n.log()
	if !strings.HasPrefix(log, "containerd \nload a.tar\nload b.tar\nkubelet \nkubelet \nkubelet \n") || !strings.Contains(log, "term\n") {
		t.Errorf("got %q", log)
	}
	if strings.Count(log, "containerd") != 1 {
		t.Errorf("containerd started again: %q", log)
	}
}

func TestANodeEndsWithContainerd(t *testing.T) {
	n := newNode(t, `: >ready; sleep 0.2; exit 3`, `sleep 60`, loader)
	began := time.Now()
	if err := n.run(t.Context()); err == nil || !strings.Contains(err.Error(), "containerd ended with status 3") {
		t.Errorf("got %v", err)
	}
	if time.Since(began) > 30*time.Second {
		t.Error("it waited for kubelet")
	}
}

func TestAnEndBeforeContainerdAnswersEndsTheNode(t *testing.T) {
	n := newNode(t, `exit 4`, kubeletThatEnds, loader)
	if err := n.run(t.Context()); err == nil || !strings.Contains(err.Error(), "status 4") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(n.log(), "kubelet") {
		t.Error("kubelet started without containerd")
	}
}

func TestAnImageThatIsNotLoadedIsAFailure(t *testing.T) {
	n := newNode(t, containerdThatWorks, kubeletThatEnds, `exit 5`, "a.tar")
	if err := n.run(t.Context()); err == nil || !strings.Contains(err.Error(), "a.tar ended with status 5") {
		t.Errorf("got %v", err)
	}
	if log := n.log(); !strings.Contains(log, "term") || strings.Contains(log, "kubelet") {
		t.Errorf("got %q", log)
	}
}

func TestAProgramThatIsMissingIsAFailure(t *testing.T) {
	n := newNode(t, containerdThatWorks, kubeletThatEnds, loader)
	n.programs.kubelet = []string{"no-such-program"}
	if err := n.run(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("got %v", err)
	}
	n.programs.containerd = []string{"no-such-program"}
	if err := n.run(t.Context()); err == nil {
		t.Error("a node starts without containerd")
	}
}
