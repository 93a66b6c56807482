package guard

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// full is set for the process that may start no thread.
const full = "GUARD_FULL"

// fork(2), EAGAIN: the attack fills the table of processes. A limit of the user's own stands for it.
func TestAFullTableOfProcessesDoesNotEndTheProgram(t *testing.T) {
	if os.Getenv(full) != "" {
		inFullTable()
		return
	}
	for threads, survives := range map[string]bool{"8": true, "0": false} {
		// opened by who may, for its folder is closed to the user
		program, err := os.Open("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		command := exec.Command("/proc/self/fd/3", "-test.run=^TestAFullTableOfProcessesDoesNotEndTheProgram$")
		command.ExtraFiles = []*os.File{program}
		command.Dir, command.Env = "/", append(os.Environ(), full+"="+threads)
		// root has no such limit
		if os.Getuid() == 0 {
			command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
		}
		said, err := command.CombinedOutput()
		program.Close()
		if survived := err == nil; survived != survives {
			t.Errorf("%s threads ahead: got %v: %.300s", threads, err, said)
		}
		if !survives && !strings.Contains(string(said), "newosproc") && !strings.Contains(string(said), "pthread_create failed") {
			t.Errorf("it ended for another reason: %.300s", said)
		}
	}
}

func inFullTable() {
	runtime.GOMAXPROCS(2)
	if os.Getenv(full) != "0" {
		Threads(8)
		// a thread that is free sleeps a moment later
		time.Sleep(200 * time.Millisecond)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: 1, Max: 1}); err != nil {
		panic(err)
	}
	if _, err := syscall.ForkExec("/bin/true", []string{"true"}, nil); !errors.Is(err, unix.EAGAIN) {
		panic("the table is not full")
	}
	// each waits in a system call, which takes its thread
	for range 6 {
		go func() { _ = unix.Nanosleep(&unix.Timespec{Sec: 2}, nil) }()
	}
	time.Sleep(time.Second)
}
