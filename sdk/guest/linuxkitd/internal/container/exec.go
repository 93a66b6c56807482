package container

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"golang.org/x/sys/unix"
)

// Exec runs a command in the container, as its own process: with its user, groups, capabilities, filter of system calls
// and control group. What the command says is read and passed over.
func (w *Running) Exec(command []string, limit time.Duration) error {
	file := path.Join(processFolder, w.container.ID+".json")
	pidFile := path.Join(processFolder, w.container.ID+".pid")
	if err := w.writeProcess(file, command); err != nil {
		return err
	}
	_ = os.Remove(pidFile)
	deadline := time.Now().Add(limit)
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, read)
		read.Close()
	}()
	defer func() { _ = read.SetReadDeadline(time.Now()) }()
	release := w.runtime.children.Hold()
	defer release()
	starting, err := w.runtime.start(write, write, "exec", "--detach", "--process", file, "--pid-file", pidFile, w.container.ID)
	write.Close()
	if err != nil {
		return err
	}
	if !endsBefore(starting.Done(), deadline) {
		_ = starting.Signal(unix.SIGKILL)
		<-starting.Done()
		return errTooLong(limit)
	}
	if status := starting.Status(); status != 0 {
		return fmt.Errorf("exit status %d", status)
	}
	pid, err := readPid(pidFile)
	if err != nil {
		return err
	}
	child, err := w.runtime.children.Adopt(pid)
	if err != nil {
		return err
	}
	release()
	if !endsBefore(child.Done(), deadline) {
		// what it has started is of its session and group
		_ = child.Living(func(pid int) error { return unix.Kill(-pid, unix.SIGKILL) })
		_ = child.Signal(unix.SIGKILL)
		<-child.Done()
		return errTooLong(limit)
	}
	if status := child.Status(); status != 0 {
		return fmt.Errorf("exit status %d", status)
	}
	return nil
}

func errTooLong(limit time.Duration) error {
	return fmt.Errorf("no answer within %v s", limit.Seconds())
}

func endsBefore(done <-chan struct{}, deadline time.Time) bool {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
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

// Network is the descriptor of its network namespace, nil where that is the machine's.
func (w *Running) Network() *os.File { return w.network }
