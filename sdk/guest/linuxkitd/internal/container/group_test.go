package container

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pulumi-linuxkit/linuxkitd/internal/description"
	"pulumi-linuxkit/linuxkitd/internal/process"
)

// fakeGroups is a folder of control groups that holds one file.
func fakeGroups(t *testing.T, group, file, text string) func() string {
	t.Helper()
	before := groups
	groups = t.TempDir()
	t.Cleanup(func() { groups = before })
	path := filepath.Join(groups, group, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// reaping reaps: only one table of a process can.
var reaping = sync.OnceValue(func() *process.Table {
	table := process.NewTable()
	go table.Reap()
	return table
})

// ended is a process that has ended.
func ended(t *testing.T) *process.Child {
	t.Helper()
	child, err := reaping().Start(process.Command{Path: "/bin/true", Args: []string{"true"}})
	if err != nil {
		t.Fatal(err)
	}
	child.Status()
	return child
}

func of(id string) *Container { return &Container{Container: description.Container{ID: id}} }

// the attack: an image names the group of another service as its own, which died with it
func TestOnlyItsOwnGroupIsKilledAsAWhole(t *testing.T) {
	for group, want := range map[string]string{"web": "1", "db": "", "web/inner": "", "kubepods/web": ""} {
		read := fakeGroups(t, group, "cgroup.kill", "")
		running := &Running{Child: ended(t), container: of("web"), group: group}
		running.Kill()
		if got := read(); got != want {
			t.Errorf("group %s: got %q", group, got)
		}
	}
}

func TestAContainerWithoutALimitOfProcessesGetsOne(t *testing.T) {
	for name, row := range map[string]struct {
		pids         int
		before, want string
	}{
		"no limit":                     {0, "max\n", "8192"},
		"a limit of its group already": {0, "100\n", "100\n"},
		"a limit of its definition":    {64, "max\n", "max\n"},
	} {
		read := fakeGroups(t, "web", "pids.max", row.before)
		c := of("web")
		c.Pids = row.pids
		(&Runtime{}).boundProcesses(c, "web")
		if got := read(); got != row.want {
			t.Errorf("%s: got %q", name, got)
		}
		(&Runtime{}).boundProcesses(of("web"), "")
	}
}

func TestProcessesOfAll(t *testing.T) {
	limited, unlimited, huge := of("a"), of("b"), of("c")
	limited.Pids, huge.Pids = 64, 1<<40
	if got := Processes([]*Container{limited, unlimited, huge}); got != 64+MostProcesses+mostPids {
		t.Errorf("got %d", got)
	}
	if got := Processes(nil); got != 0 {
		t.Errorf("got %d", got)
	}
}

// the end of a container's first process was taken for the machine's own network, and its check asked there
func TestANetworkThatIsNotKnownIsNotTheMachines(t *testing.T) {
	private := of("web")
	private.PrivateNetwork = true
	if got, err := (&Running{container: private}).Network(); err == nil {
		t.Errorf("got %v", got)
	}
	if got, err := (&Running{container: of("web")}).Network(); err != nil || got != nil {
		t.Errorf("got %v and %v", got, err)
	}
}

func TestARootHasALimit(t *testing.T) {
	c := of("web")
	if got := c.rootSize(); got != "25%" {
		t.Errorf("got %s", got)
	}
	c.Container.Rootfs.Size = 64 << 20
	if got := c.rootSize(); got != "67108864" {
		t.Errorf("got %s", got)
	}
}
