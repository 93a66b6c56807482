// Package process starts, adopts, signals and reaps the children of PID 1.
//
// One goroutine reaps. A process is signalled only under the lock under which it is reaped, so a number that the kernel
// gave to another process meanwhile is never signalled.
package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Table holds the children that somebody waits for.
type Table struct {
	mu       sync.Mutex
	children map[int]*Child
	// ends of processes that no one waits for yet, kept while a start is under way
	strangers strangers
	starts    int
	wake      chan struct{}
	// system calls, which tests replace
	fork func(string, []string, *syscall.ProcAttr) (int, error)
	wait func() (pid, status int, err error)
}

// NewTable makes an empty table.
func NewTable() *Table {
	return &Table{children: map[int]*Child{}, wake: make(chan struct{}, 1), fork: syscall.ForkExec, wait: waitAny}
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

// A table of processes that is full, or memory that is short, is so for a moment (fork(2), EAGAIN and ENOMEM).
const (
	mostTries  = 8
	firstPause = 10 * time.Millisecond
)

// Start starts a program.
func (t *Table) Start(command Command) (*Child, error) {
	attributes := &syscall.ProcAttr{Dir: command.Dir, Env: command.Env, Sys: &syscall.SysProcAttr{Setsid: true}}
	for _, file := range command.Files {
		attributes.Files = append(attributes.Files, file.Fd())
	}
	for try, pause := 1, firstPause; ; try, pause = try+1, 2*pause {
		child, err := t.start(command, attributes)
		if err == nil {
			return child, nil
		}
		if try == mostTries || (err != unix.EAGAIN && err != unix.ENOMEM) {
			return nil, fmt.Errorf("%s: %w", command.Path, err)
		}
		time.Sleep(pause)
	}
}

func (t *Table) start(command Command, attributes *syscall.ProcAttr) (*Child, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	pid, err := t.fork(command.Path, command.Args, attributes)
	if err != nil {
		return nil, err
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
			t.strangers.clear()
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
	if _, known := t.children[pid]; known {
		return nil, fmt.Errorf("process %d is known already", pid)
	}
	// a living child comes before an end that was seen under its number: the kernel gives numbers again
	parent, err := parentOf(pid)
	if err == nil && parent == os.Getpid() {
		t.strangers.take(pid)
		return t.add(pid), nil
	}
	if status, ended := t.strangers.take(pid); ended {
		child := &Child{table: t, pid: pid, done: make(chan struct{}), status: status, reaped: true}
		close(child.done)
		return child, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("process %d: %w: %d", pid, errNotOurs, parent)
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

// EndsWithin waits for the end, but no longer than so long: a process that is traced, or waits for a disk, may not end
// even when it is killed.
func (c *Child) EndsWithin(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c.done:
		return true
	case <-timer.C:
		return false
	}
}

// mostDying is how long the end of a killed process is waited for.
const mostDying = 3 * time.Second

// End kills the process, with its group where it leads one, and gives whether it has ended then.
func (c *Child) End() bool {
	_ = c.Living(func(pid int) error {
		if group, err := unix.Getpgid(pid); err == nil && group == pid {
			_ = unix.Kill(-pid, unix.SIGKILL)
		}
		return unix.Kill(pid, unix.SIGKILL)
	})
	return c.EndsWithin(mostDying)
}
