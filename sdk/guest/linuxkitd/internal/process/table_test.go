package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// reaping starts the reaper once; this process takes what is orphaned below it, as PID 1 does.
var reaping = sync.OnceValue(func() *Table {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	table := NewTable()
	go table.Reap()
	return table
})

func start(t *testing.T, script string, files ...*os.File) *Child {
	t.Helper()
	child, err := reaping().Start(Command{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/", Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return child
}

func TestStatuses(t *testing.T) {
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -9 $$": 137, "kill -15 $$": 143} {
		if got := start(t, script).Status(); got != want {
			t.Errorf("%s: got %d", script, got)
		}
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	if _, err := reaping().Start(Command{Path: "/bin/nothing", Args: []string{"nothing"}}); err == nil {
		t.Error("it was started")
	}
}

func TestWhatHasEndedIsNotSignalled(t *testing.T) {
	child := start(t, "exit 0")
	child.Status()
	if err := child.Signal(unix.SIGKILL); err != unix.ESRCH {
		t.Errorf("got %v", err)
	}
	used := false
	if child.Living(func(int) error { used = true; return nil }) == nil || used {
		t.Error("its number was used")
	}
}

func TestManyAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for number := range 100 {
		all.Go(func() {
			if got := start(t, fmt.Sprintf("exit %d", number)).Status(); got != number {
				t.Errorf("got %d, wanted %d", got, number)
			}
		})
	}
	all.Wait()
}

// orphan starts a shell that starts another and ends, and gives the number of that other. $1 of the script is the number
// of the first shell.
func orphan(t *testing.T, script string) int {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	parent := start(t, "sh -c '"+script+"' sh $$ >/dev/null & echo $!", write, write)
	write.Close()
	parent.Status()
	text := make([]byte, 32)
	length, _ := read.Read(text)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:length])))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// endedOrphan is an orphan that has ended and was reaped here. It ends only once the shell that started it is gone: that
// shell could reap it otherwise.
func endedOrphan(t *testing.T) int {
	t.Helper()
	pid := orphan(t, "while kill -0 $1; do sleep 0.01; done 2>/dev/null; exit 6")
	for range 1000 {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err != nil {
			return pid
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it has not ended")
	return 0
}

func TestAnOrphanIsAdopted(t *testing.T) {
	release := reaping().Hold()
	defer release()
	child, err := reaping().Adopt(orphan(t, "sleep 0.2; exit 5"))
	if err != nil {
		t.Fatal(err)
	}
	if got := child.Status(); got != 5 {
		t.Errorf("got %d", got)
	}
}

func TestAnOrphanThatHasEndedIsAdopted(t *testing.T) {
	release := reaping().Hold()
	defer release()
	pid := endedOrphan(t)
	child, err := reaping().Adopt(pid)
	if err != nil {
		t.Fatal(err)
	}
	if got := child.Status(); got != 6 {
		t.Errorf("got %d", got)
	}
	if child.Signal(unix.SIGKILL) != unix.ESRCH {
		t.Error("it was signalled")
	}
}

func TestWhatIsForgottenIsNotAdopted(t *testing.T) {
	release := reaping().Hold()
	pid := endedOrphan(t)
	release()
	// the kernel may have given the number to another process
	if _, err := reaping().Adopt(pid); err == nil {
		t.Error("it was adopted")
	}
}

func TestAKnownChildIsNotAdopted(t *testing.T) {
	child := start(t, "exec sleep 10")
	if _, err := reaping().Adopt(child.Pid()); err == nil {
		t.Error("it was adopted")
	}
	_ = child.Signal(unix.SIGKILL)
	if got := child.Status(); got != 137 {
		t.Errorf("got %d", got)
	}
}
