package process

import (
	"os"
	"os/signal"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// mostAtOnce is how many ends are taken before others have their turn: processes that a container leaves to PID 1 can
// end faster than they are reaped.
const mostAtOnce = 64

// Reap waits for ends, for ever.
func (t *Table) Reap() {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, unix.SIGCHLD)
	defer signal.Stop(changes)
	for {
		// only waits: what has ended stays until it is reaped under the lock
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err == nil {
			for t.reapSome() {
				runtime.Gosched()
			}
			continue
		}
		if err != unix.EINTR {
			select {
			case <-t.wake:
			case <-changes:
			case <-time.After(time.Second):
			}
		}
	}
}

// reapSome takes the ends of a few processes, and gives whether there may be more. A lock that is waited for goes to who
// waits before it comes back here (sync.Mutex, "starvation mode").
func (t *Table) reapSome() (more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for range mostAtOnce {
		pid, status, err := t.wait()
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return false
		}
		t.ended(pid, status)
	}
	return true
}

func (t *Table) ended(pid, status int) {
	child, known := t.children[pid]
	if !known {
		if t.starts > 0 {
			t.strangers.put(pid, status)
		}
		return
	}
	delete(t.children, pid)
	child.status, child.reaped = status, true
	close(child.done)
}

// waitAny reaps one process that has ended.
func waitAny() (pid, status int, err error) {
	var state unix.WaitStatus
	pid, err = unix.Wait4(-1, &state, unix.WNOHANG, nil)
	return pid, exitStatus(state), err
}

// exitStatus is the number that a shell gives: 128 and the signal for one that was killed.
func exitStatus(status unix.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
