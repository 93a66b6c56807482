package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

// Exec runs a command in the container, as its own process: with its user, groups, capabilities, filter of system calls
// and control group. What the command says is read and passed over.
func (w *Running) Exec(command []string, limit time.Duration) error {
	// a process that was killed and does not end, as one that is traced, is followed by no other
	if w.lasting != nil && !w.lasting.EndsWithin(0) {
		return errLasting
	}
	deadline := time.Now().Add(limit)
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	guard.Go("the output of a check", func() {
		defer read.Close()
		_, _ = io.Copy(io.Discard, read)
	})
	// what the command has left behind may write on
	defer func() { _ = read.SetReadDeadline(time.Now()) }()
	release := w.runtime.children.Hold()
	defer release()
	pid, err := w.startProcess(command, write, deadline)
	write.Close()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTooLong(limit)
	}
	if err != nil {
		return err
	}
	child, err := w.runtime.children.Adopt(pid)
	if err != nil {
		return err
	}
	release()
	if !child.EndsWithin(time.Until(deadline)) {
		if !child.End() {
			w.lasting = child
			return errLasting
		}
		return errTooLong(limit)
	}
	return failure(child.Status())
}

// startProcess lets the runtime start a command, and gives its number.
func (w *Running) startProcess(command []string, write *os.File, deadline time.Time) (int, error) {
	// files of its own: a check that was given up may still look at those before
	base := path.Join(processFolder, w.container.ID+"."+strconv.FormatUint(checks.Add(1), 10))
	file, pidFile := base+".json", base+".pid"
	defer func() { _, _ = os.Remove(file), os.Remove(pidFile) }()
	if err := w.writeProcess(file, command); err != nil {
		return 0, err
	}
	starting, err := w.runtime.start(write, write, "exec", "--detach", "--process", file, "--pid-file", pidFile, w.container.ID)
	if err != nil {
		return 0, err
	}
	if !starting.EndsWithin(time.Until(deadline)) {
		starting.End()
		return 0, os.ErrDeadlineExceeded
	}
	if err := failure(starting.Status()); err != nil {
		return 0, err
	}
	return readPid(pidFile)
}

// checks counts the commands of all containers.
var checks atomic.Uint64

var errLasting = errors.New("a command was killed and does not end")

func failure(status int) error {
	if status == 0 {
		return nil
	}
	return fmt.Errorf("exit status %d", status)
}

func errTooLong(limit time.Duration) error {
	return fmt.Errorf("no answer within %v s", limit.Seconds())
}

// writeProcess writes the process of config.json with another command.
func (w *Running) writeProcess(file string, command []string) error {
	text, err := os.ReadFile(w.container.Bundle + "/config.json")
	if err != nil {
		return err
	}
	process, err := processOf(text, command)
	if err != nil {
		return err
	}
	return os.WriteFile(file, process, 0o600)
}

func processOf(config []byte, command []string) ([]byte, error) {
	var parsed struct {
		Process map[string]json.RawMessage `json:"process"`
	}
	if err := json.Unmarshal(config, &parsed); err != nil {
		return nil, err
	}
	args, err := json.Marshal(command)
	if err != nil || parsed.Process == nil {
		return nil, fmt.Errorf("config.json has no process")
	}
	parsed.Process["args"] = args
	delete(parsed.Process, "terminal")
	return json.Marshal(parsed.Process)
}

// Root is the descriptor of its root folder as its first process sees it, to be closed by the caller.
func (w *Running) Root() (*os.File, error) {
	var root *os.File
	err := w.Living(func(pid int) (err error) {
		root, err = os.OpenFile("/proc/"+strconv.Itoa(pid)+"/root", unix.O_PATH|unix.O_DIRECTORY, 0)
		return err
	})
	if err != nil {
		return nil, errors.New("its root is not known")
	}
	return root, nil
}

// Network is the descriptor of its network namespace, nil where that is the machine's. A container of which it is not
// known has none to be asked: another's answer would be taken for its own.
func (w *Running) Network() (*os.File, error) {
	if w.network == nil && w.container.PrivateNetwork {
		return nil, errors.New("its network is not known")
	}
	return w.network, nil
}
