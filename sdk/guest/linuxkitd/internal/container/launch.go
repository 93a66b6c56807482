package container

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/network"
	"pulumi-linuxkit/linuxkitd/internal/process"
)

// Running is a container whose process was started.
type Running struct {
	*process.Child
	container *Container
	runtime   *Runtime
	// its control group below /sys/fs/cgroup, "" where it is the machine's own
	group string
	// its network namespace, nil where that is the machine's
	network *os.File
	// a command in it that was killed and has not ended
	lasting *process.Child
}

// StartError is the end of a runtime that could not start a container.
type StartError struct{ Status int }

func (e *StartError) Error() string { return fmt.Sprintf("exit status %d", e.Status) }

// Launch starts a container. The runtime ends when the container's process runs, which is then PID 1's own child.
// What the runtime itself complains of goes to stderr too.
func (r *Runtime) Launch(c *Container, stdout, stderr *os.File) (*Running, error) {
	r.forget(c)
	r.bound(c)
	if err := c.Stage(r.nested[c.Bundle], r.names); err != nil {
		return nil, err
	}
	// the runtime has mounted all of it when it ends
	defer c.Unstage()
	release := r.children.Hold()
	defer release()
	verb := []string{"run", "--detach"}
	if c.attached() {
		verb = []string{"create"}
	}
	pidFile := path.Join(pidFolder, c.ID)
	_ = os.Remove(pidFile)
	child, err := r.start(stdout, stderr, append(verb, "--bundle", c.Bundle, "--pid-file", pidFile, c.ID)...)
	if err != nil {
		return nil, err
	}
	status := waitFor(child, mostStart)
	keepBorders()
	if status != 0 {
		r.forget(c)
		return nil, &StartError{status}
	}
	running, err := r.adopt(c, pidFile)
	if err != nil {
		r.Delete(c)
		return nil, err
	}
	if c.attached() {
		if err := r.attach(running, stdout, stderr); err != nil {
			running.Kill()
			r.Delete(c)
			running.Close()
			return nil, err
		}
	}
	return running, nil
}

func (r *Runtime) adopt(c *Container, pidFile string) (*Running, error) {
	pid, err := readPid(pidFile)
	if err != nil {
		return nil, err
	}
	child, err := r.children.Adopt(pid)
	if err != nil {
		return nil, err
	}
	running := &Running{Child: child, container: c, runtime: r}
	// one that has ended already has neither
	_ = child.Living(func(pid int) error {
		process := "/proc/" + strconv.Itoa(pid)
		running.group = groupOf(process)
		r.boundProcesses(c, running.group)
		if c.PrivateNetwork {
			running.network, _ = os.Open(process + "/ns/net")
		}
		return nil
	})
	return running, nil
}

func (r *Runtime) attach(running *Running, stdout, stderr *os.File) error {
	c := running.container
	if c.Delegated {
		if err := r.delegate(running); err != nil {
			fmt.Fprintf(stderr, "its control group cannot be delegated: %v\n", err)
			return &StartError{1}
		}
	}
	var namespaces *network.Namespaces
	err := running.Living(func(pid int) (err error) {
		namespaces, err = network.Open(pid, &c.Container)
		return err
	})
	if err == nil {
		// with the table free: the kernel may take its time for links
		err = namespaces.Attach(&c.Container)
		namespaces.Close()
	}
	if err != nil {
		fmt.Fprintf(stderr, "its network cannot be set up: %v\n", err)
		return &StartError{1}
	}
	start, err := r.start(stdout, stderr, "start", c.ID)
	if err != nil {
		return err
	}
	if status := waitFor(start, mostStart); status != 0 {
		return &StartError{status}
	}
	return nil
}

// Stop asks the first process to end. The kernel spares the first process of a namespace a signal that it does not
// handle: no use to wait for that one.
func (w *Running) Stop() {
	signal := unix.SIGTERM
	if service := w.container.Service; service != nil {
		signal = unix.Signal(service.StopSignal)
	}
	if w.hears(signal) {
		_ = w.Signal(signal)
	} else {
		w.Kill()
	}
}

func (w *Running) hears(signal unix.Signal) bool {
	hears := true
	_ = w.Living(func(pid int) error {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err == nil {
			hears = hearsSignal(string(text), signal)
		}
		return nil
	})
	return hears
}

func hearsSignal(status string, signal unix.Signal) bool {
	first, caught := false, true
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "NSpid":
			numbers := strings.Fields(value)
			first = len(numbers) > 1 && numbers[len(numbers)-1] == "1"
		case "SigCgt":
			mask, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			caught = err != nil || mask&(1<<(uint(signal)-1)) != 0
		}
	}
	return !first || caught
}

// Kill ends all of it. A group that an image names may be another container's, so only its own group is ended as a whole.
func (w *Running) Kill() {
	if w.group == w.container.ID {
		_ = os.WriteFile(path.Join(groups, w.group, "cgroup.kill"), []byte("1"), 0)
	}
	_ = w.Signal(unix.SIGKILL)
}

// Group is its control group below /sys/fs/cgroup, "" where it has none of its own.
func (w *Running) Group() string { return w.group }

// Close gives back what is held for a container that has ended.
func (w *Running) Close() {
	if w.network != nil {
		w.network.Close()
	}
}

// forget deletes what an earlier start has left under the container's name.
func (r *Runtime) forget(c *Container) {
	if _, err := os.Stat("/run/" + r.name + "/" + c.ID); err == nil {
		r.Delete(c)
	}
}

// Delete deletes the container, with all of its processes.
func (r *Runtime) Delete(c *Container) {
	r.quiet(30*time.Second, "delete", "--force", c.ID)
}
