package container

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/process"
)

// Runtime is crun or runc.
type Runtime struct {
	name     string
	path     string
	children *process.Table
	// most memory of a service without a limit of its own, in bytes; 0 is no limit
	mostMemory int64
	// nested are sources below another one, by the container's bundle
	nested map[string][]string
	// names of the other machines of the stack's network
	names []byte
}

// environment of the runtime; containers have their own.
var environment = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}

const (
	pidFolder     = "/run/linuxkit/pids"
	processFolder = "/run/linuxkit/checks"
	// a runtime that takes longer hangs
	mostStart = 120 * time.Second
)

// FindRuntime finds the program that runs containers.
func FindRuntime(children *process.Table) (*Runtime, error) {
	for _, name := range []string{"crun", "runc"} {
		for _, folder := range []string{"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"} {
			if unix.Access(folder+name, unix.X_OK) == nil {
				for _, made := range []string{pidFolder, processFolder} {
					if err := os.MkdirAll(made, 0o700); err != nil {
						return nil, err
					}
				}
				return &Runtime{name: name, path: folder + name, children: children}, nil
			}
		}
	}
	return nil, fmt.Errorf("neither crun nor runc is in the image")
}

// LimitMemory sets what a service without a limit of its own may take.
func (r *Runtime) LimitMemory(bytes int64) { r.mostMemory = bytes }

// KnowSources tells it all containers, whose sources may lie where another one writes.
func (r *Runtime) KnowSources(containers []*Container) {
	var all []string
	own := make([][]string, len(containers))
	for index, one := range containers {
		own[index] = one.Sources()
		all = append(all, one.Given()...)
	}
	r.nested = map[string][]string{}
	for index, one := range containers {
		if nested := Nested(own[index], all); len(nested) > 0 {
			r.nested[one.Bundle] = nested
		}
	}
}

// start starts the runtime with standard input at its end.
func (r *Runtime) start(stdout, stderr *os.File, args ...string) (*process.Child, error) {
	stdin, err := nothing()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	return r.startWith([]*os.File{stdin, stdout, stderr}, args...)
}

// startWith starts the runtime with descriptors of the caller's.
func (r *Runtime) startWith(files []*os.File, args ...string) (*process.Child, error) {
	return r.children.Start(process.Command{Path: r.path, Args: append([]string{r.name}, args...), Env: environment, Dir: "/", Files: files})
}

// nothing is a pipe that is at its end. The runtime gives it to the container's user, so it is not the machine's
// /dev/null, which that user could then close to everybody.
func nothing() (*os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	write.Close()
	return read, nil
}

// quiet runs the runtime to its end and gives the beginning of what it said.
func (r *Runtime) quiet(limit time.Duration, args ...string) (int, string) {
	read, write, err := os.Pipe()
	if err != nil {
		return -1, err.Error()
	}
	var said bytes.Buffer
	var reading sync.WaitGroup
	reading.Go(func() {
		_ = guard.Run("the output of "+r.name, func() {
			_, _ = io.CopyN(&said, read, 4096)
			_, _ = io.Copy(io.Discard, read)
		})
	})
	child, err := r.start(write, write, args...)
	write.Close()
	if err != nil {
		read.Close()
		return -1, err.Error()
	}
	status := waitFor(child, limit)
	_ = read.SetReadDeadline(time.Now().Add(time.Second))
	reading.Wait()
	read.Close()
	return status, said.String()
}

// waitFor waits for the end, and ends what takes longer. -1 is the status of what does not end even then.
func waitFor(child *process.Child, limit time.Duration) int {
	if !child.EndsWithin(limit) && !child.End() {
		return -1
	}
	return child.Status()
}

// readPid reads the number that the runtime has written, which has no line break.
func readPid(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("%s: got %q, wanted the number of a process", path.Base(file), text)
	}
	return pid, nil
}
