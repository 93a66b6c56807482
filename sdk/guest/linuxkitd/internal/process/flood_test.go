package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// the attack: a command of a check makes children of PID 1 (clone(2), CLONE_PARENT) faster than these are reaped
func TestAFloodOfEndsLeavesTheTableToOthers(t *testing.T) {
	table := NewTable()
	stop := make(chan struct{})
	table.wait = func() (int, int, error) {
		select {
		case <-stop:
			return 0, 0, nil
		default:
			return 99_999_999, 0, nil
		}
	}
	reaping := make(chan struct{})
	go func() {
		for table.reapSome() {
		}
		close(reaping)
	}()
	defer func() {
		close(stop)
		<-reaping
	}()
	got := make(chan struct{})
	go func() {
		for range 10 {
			table.Hold()()
		}
		close(got)
	}()
	select {
	case <-got:
	case <-time.After(5 * time.Second):
		t.Fatal("nobody else had the table")
	}
}

func TestAsManyAsAllowedAreReapedAtOnce(t *testing.T) {
	table := NewTable()
	left := 3*mostAtOnce + 1
	table.wait = func() (int, int, error) {
		if left == 0 {
			return 0, 0, unix.ECHILD
		}
		left--
		return 1000 + left, 0, nil
	}
	turns := 1
	for before := left; table.reapSome(); before = left {
		if turns++; before-left > mostAtOnce {
			t.Fatalf("%d at once", before-left)
		}
	}
	if left != 0 || turns != 4 {
		t.Errorf("%d left after %d turns", left, turns)
	}
}

// the attack: thousands of orphans that end while a container starts filled the table, and its own end was lost
func TestTheNewestStrangersAreKept(t *testing.T) {
	table := NewTable()
	defer table.Hold()()
	for number := range 3 * mostStrangers {
		table.ended(10_000_000+number, number%100)
	}
	table.ended(20_000_000, 7)
	child, err := table.Adopt(20_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if got := child.Status(); got != 7 {
		t.Errorf("got %d", got)
	}
	if kept := len(table.strangers.ends); kept != mostStrangers {
		t.Errorf("%d are kept", kept)
	}
	if _, err := table.adopt(10_000_000); err == nil {
		t.Error("the oldest is kept")
	}
}

func TestTheNewestOfTwoEndsUnderOneNumberCounts(t *testing.T) {
	table := NewTable()
	defer table.Hold()()
	table.ended(20_000_000, 1)
	table.ended(20_000_000, 2)
	if child, err := table.Adopt(20_000_000); err != nil || child.Status() != 2 {
		t.Errorf("got %v", err)
	}
	if _, err := table.adopt(20_000_000); err == nil {
		t.Error("an older end was adopted after it")
	}
}

// the attack, and the chance: an orphan ended under the number that the kernel then gave to the container
func TestALivingChildComesBeforeAnEndUnderItsNumber(t *testing.T) {
	table := reaping()
	defer table.Hold()()
	pid := orphan(t, "sleep 0.3; exit 5")
	// the shell between leaves it in a moment
	for range 1000 {
		if parent, _ := parentOf(pid); parent == os.Getpid() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	table.mu.Lock()
	table.strangers.put(pid, 1)
	table.mu.Unlock()
	child, err := table.Adopt(pid)
	if err != nil {
		t.Fatal(err)
	}
	if got := child.Status(); got != 5 {
		t.Errorf("got the end of another process: %d", got)
	}
}

// a number of a child that was reaped goes to another process: its old owner does not reach it
func TestANumberThatIsGivenAgain(t *testing.T) {
	table := NewTable()
	sleeping := exec.Command("sleep", "60")
	if err := sleeping.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleeping.Process.Kill(); _ = sleeping.Wait() }()
	pid := sleeping.Process.Pid
	first := table.add(pid)
	table.ended(pid, 3)
	second := table.add(pid)
	for _, use := range []func() error{
		func() error { return first.Signal(unix.SIGKILL) },
		func() error { return first.Living(func(int) error { return nil }) },
	} {
		if err := use(); err != unix.ESRCH {
			t.Errorf("got %v", err)
		}
	}
	if !first.End() {
		t.Error("an ended process has not ended")
	}
	if err := unix.Kill(pid, 0); err != nil || second.reaped {
		t.Error("the other process was reached")
	}
	table.ended(pid, 4)
	if first.Status() != 3 || second.Status() != 4 {
		t.Errorf("got %d and %d", first.Status(), second.Status())
	}
}

// fork(2) fails with EAGAIN while a service holds all numbers of processes
func TestAFullTableOfProcessesIsWaitedFor(t *testing.T) {
	for _, row := range []struct {
		failure error
		times   int
		tries   int
		works   bool
	}{
		{unix.EAGAIN, 3, 4, true}, {unix.ENOMEM, 1, 2, true}, {unix.EAGAIN, 1000, mostTries, false}, {unix.ENOENT, 1, 1, false},
	} {
		table := NewTable()
		tries := 0
		table.fork = func(string, []string, *syscall.ProcAttr) (int, error) {
			if tries++; tries <= row.times {
				return 0, row.failure
			}
			return 99_999_999, nil
		}
		_, err := table.Start(Command{Path: "/bin/true"})
		if (err == nil) != row.works || tries != row.tries || (err != nil && !errors.Is(err, row.failure)) {
			t.Errorf("%v: got %v after %d tries", row.failure, err, tries)
		}
	}
}

// the attack: a check that is traced by another process of its service is not reaped, although it was killed
func TestAnEndThatDoesNotComeIsNotWaitedForLong(t *testing.T) {
	table := NewTable()
	child := table.add(99_999_999)
	began := time.Now()
	if child.End() {
		t.Error("it has ended")
	}
	if took := time.Since(began); took > 2*mostDying {
		t.Errorf("it took %v", took)
	}
}

func TestEndKillsTheGroupOfItsLeaderOnly(t *testing.T) {
	for leader, script := range map[bool]string{true: "sleep 60 & echo $!; wait", false: "sh -c 'echo $$; exec sleep 60' & sleep 60; true"} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		child := start(t, script, atItsEnd(t), write, write)
		write.Close()
		var other int
		if _, err := fmt.Fscan(read, &other); err != nil {
			t.Fatal(err)
		}
		read.Close()
		ended := child
		if !leader {
			// one that is in the group of another, as a process that the runtime made no session for
			ended = reaping().watched(other)
		}
		ended.End()
		time.Sleep(50 * time.Millisecond)
		if alive := unix.Kill(child.Pid(), 0) == nil; alive == leader {
			t.Errorf("leader %v: the leader lives: %v", leader, alive)
		}
		child.End()
	}
}

// watched is a process that this table does not wait for.
func (t *Table) watched(pid int) *Child {
	return &Child{table: t, pid: pid, done: make(chan struct{})}
}

// atItsEnd is a standard input that is at its end.
func atItsEnd(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}
