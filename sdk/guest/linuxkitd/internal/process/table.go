// Package process starts, adopts, signals and reaps the children of PID 1.
//
// One goroutine reaps. A process is signalled only under the lock under which it is reaped, so a number that the kernel
// gave to another process meanwhile is never signalled.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// mostStrangers bounds the ends that are kept while a container starts.
const mostStrangers = 4096

// Table holds the children that somebody waits for.
type Table struct {
	mu       sync.Mutex
	children map[int]*Child
	// ends of processes that no one waits for yet, kept while a start is under way
	strangers map[int]int
	starts    int
	wake      chan struct{}
}

// NewTable makes an empty table.
func NewTable() *Table {
	return &Table{children: map[int]*Child{}, strangers: map[int]int{}, wake: make(chan struct{}, 1)}
}

// Child is a process whose end is waited for.
type Child struct {
	table  *Table
	pid    int
	done   chan struct{}
	status int
	reaped bool
}

// Command is a program to start.
type Command struct {
	Path string
	Args []string
	Env  []string
	Dir  string
	// Files are its descriptors from 0 on; it has no others.
	Files []*os.File
}

// Start starts a program.
func (t *Table) Start(command Command) (*Child, error) {
	attributes := &syscall.ProcAttr{Dir: command.Dir, Env: command.Env, Sys: &syscall.SysProcAttr{Setsid: true}}
	for _, file := range command.Files {
		attributes.Files = append(attributes.Files, file.Fd())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	pid, err := syscall.ForkExec(command.Path, command.Args, attributes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command.Path, err)
	}
	return t.add(pid), nil
}

func (t *Table) add(pid int) *Child {
	child := &Child{table: t, pid: pid, done: make(chan struct{})}
	t.children[pid] = child
	select {
	case t.wake <- struct{}{}:
	default:
	}
	return child
}

// Hold keeps the ends of unknown processes until it is released: a container can end before its number is known.
func (t *Table) Hold() (release func()) {
	t.mu.Lock()
	t.starts++
	t.mu.Unlock()
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.starts--; t.starts == 0 {
			clear(t.strangers)
		}
	})
}

// mostLeaving is how long a process may take to leave its child to PID 1.
const mostLeaving = 10 * time.Second

// Adopt waits for a process that another one started and leaves to PID 1. It is called under Hold. A runtime that starts
// its container in the background has a process of its own between, which ends a moment later.
func (t *Table) Adopt(pid int) (*Child, error) {
	for pause, waited := time.Millisecond, time.Duration(0); ; pause = min(2*pause, 50*time.Millisecond) {
		child, err := t.adopt(pid)
		if child != nil || waited > mostLeaving || !errors.Is(err, errNotOurs) {
			return child, err
		}
		time.Sleep(pause)
		waited += pause
	}
}

var errNotOurs = errors.New("it is another process's child")

func (t *Table) adopt(pid int) (*Child, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if status, ended := t.strangers[pid]; ended {
		delete(t.strangers, pid)
		child := &Child{table: t, pid: pid, done: make(chan struct{}), status: status, reaped: true}
		close(child.done)
		return child, nil
	}
	if _, known := t.children[pid]; known {
		return nil, fmt.Errorf("process %d is known already", pid)
	}
	parent, err := parentOf(pid)
	if err != nil {
		return nil, err
	}
	if parent != os.Getpid() {
		return nil, fmt.Errorf("process %d: %w: %d", pid, errNotOurs, parent)
	}
	return t.add(pid), nil
}

func parentOf(pid int) (int, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	// the name in parentheses may hold anything
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return 0, fmt.Errorf("process %d has no parent", pid)
	}
	return strconv.Atoi(fields[1])
}

// Reap waits for ends, for ever.
func (t *Table) Reap() {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, unix.SIGCHLD)
	for {
		// only waits: what has ended stays until it is reaped under the lock
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err == nil {
			t.reapAll()
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

func (t *Table) reapAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		t.ended(pid, exitStatus(status))
	}
}

func (t *Table) ended(pid, status int) {
	child, known := t.children[pid]
	if !known {
		if t.starts > 0 && len(t.strangers) < mostStrangers {
			t.strangers[pid] = status
		}
		return
	}
	delete(t.children, pid)
	child.status, child.reaped = status, true
	close(child.done)
}

// exitStatus is the number that a shell gives: 128 and the signal for one that was killed.
func exitStatus(status unix.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// Pid is the number of the process, which may have ended.
func (c *Child) Pid() int { return c.pid }

// Done is closed when the process has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Status is the exit status of an ended process.
func (c *Child) Status() int {
	<-c.done
	return c.status
}

// Signal sends a signal to the process, unless it has ended.
func (c *Child) Signal(signal unix.Signal) error {
	return c.Living(func(pid int) error { return unix.Kill(pid, signal) })
}

// Living calls use while the number is certainly that of the process.
func (c *Child) Living(use func(pid int) error) error {
	c.table.mu.Lock()
	defer c.table.mu.Unlock()
	if c.reaped {
		return unix.ESRCH
	}
	return use(c.pid)
}
