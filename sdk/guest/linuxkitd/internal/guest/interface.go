package guest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/api"
	"pulumi-linuxkit/linuxkitd/internal/boot"
	"pulumi-linuxkit/linuxkitd/internal/console"
	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/supervise"
)

// shown is what the interface shows of a service, beside what the kernel says.
type shown struct {
	state   string
	message string
	since   float64
	starts  int
}

func (s *supervisor) show(name, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := s.shown[name]
	entry.state, entry.since = state, uptime()
	s.shown[name] = entry
}

// note keeps what the latest check of a service said.
func (s *supervisor) note(name, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := s.shown[name]
	entry.message = message
	s.shown[name] = entry
}

// countStart is called with the lock held.
func (s *supervisor) countStart(name string) {
	entry := s.shown[name]
	entry.starts++
	s.shown[name] = entry
}

func uptime() float64 {
	seconds, _ := strconv.ParseFloat(console.Now(), 64)
	return seconds
}

// serveInterface serves what QEMU has given for it.
func (g *Guest) serveInterface() {
	guard.Go("the interface to the machine", func() { api.ServePorts(&shownMachine{g}) })
}

// shownMachine is the machine as its interface has it.
type shownMachine struct{ guest *Guest }

func (m *shownMachine) Events() *api.Events { return m.guest.reports }

func (m *shownMachine) Status() api.Status {
	status := api.Status{
		Kernel: readWord("/proc/sys/kernel/osrelease"), BootID: readWord("/proc/sys/kernel/random/boot_id"), Uptime: uptime(),
		MemoryTotal: boot.Memory("MemTotal"), MemoryAvailable: boot.Memory("MemAvailable"),
		Services: m.guest.services.status(), Tasks: m.guest.reports.Tasks(),
	}
	status.Healthy = m.guest.services.begun.Load() && !slices.ContainsFunc(status.Services, func(s api.ServiceStatus) bool { return s.State != supervise.OK })
	return status
}

func (s *supervisor) status() []api.ServiceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []api.ServiceStatus{}
	for _, name := range slices.Sorted(maps.Keys(s.containers)) {
		entry := s.shown[name]
		one := api.ServiceStatus{Name: name, State: entry.state, Message: entry.message, Since: entry.since, Restarts: max(0, entry.starts-1)}
		if one.State == "" {
			one.State = supervise.Starting
		}
		if running := s.running[name]; running != nil {
			one.Running = true
			one.Pid = running.Pid()
			if group := running.Group(); group != "" {
				folder := "/sys/fs/cgroup/" + group
				one.Memory = readNumber(folder + "/memory.current")
				one.Processes = readNumber(folder + "/pids.current")
				one.CPUSeconds = cpuSeconds(folder + "/cpu.stat")
			}
		}
		all = append(all, one)
	}
	return all
}

// Log is the log of a service, or of a task by its name.
func (m *shownMachine) Log(name string) (string, bool) {
	if c := m.guest.services.containers[name]; c != nil {
		log, _ := c.Logs()
		return log, true
	}
	for _, phase := range []string{"onboot", "onshutdown"} {
		tasks, _ := container.ReadPhase(phase)
		for _, task := range tasks {
			if task.Name == name {
				log, _ := task.Logs()
				return log, true
			}
		}
	}
	return "", false
}

func (m *shownMachine) Exec(ctx context.Context, name string, command []string, terminal *api.Terminal) (api.Process, error) {
	services := m.guest.services
	if services.containers[name] == nil {
		known := strings.Join(slices.Sorted(maps.Keys(services.containers)), ", ")
		return nil, &api.Failure{Code: "not-found", Message: "name: got " + strconv.Quote(name) + ", wanted one of " + known}
	}
	services.mu.Lock()
	running := services.running[name]
	services.mu.Unlock()
	if running == nil {
		return nil, &api.Failure{Code: "busy", Message: "the service " + name + " does not run now"}
	}
	var asked *container.Terminal
	if terminal != nil {
		asked = &container.Terminal{Rows: terminal.Rows, Columns: terminal.Columns, Term: terminal.Term}
	}
	session, err := running.Session(ctx, command, asked)
	if err != nil {
		var number syscall.Errno
		if errors.As(err, &number) && number == unix.ENOSPC {
			return nil, &api.Failure{Code: "failed", Message: "the machine has no room left in /run"}
		}
		return nil, &api.Failure{Code: "failed", Message: console.Plain(err.Error(), console.LongestMessage)}
	}
	return session, nil
}

func readWord(path string) string {
	text, _ := os.ReadFile(path)
	return strings.TrimSpace(string(text))
}

func readNumber(path string) int64 {
	number, _ := strconv.ParseInt(readWord(path), 10, 64)
	return number
}

// cpuSeconds reads usage_usec (Documentation/admin-guide/cgroup-v2.rst).
func cpuSeconds(path string) float64 {
	text, _ := os.ReadFile(path)
	for line := range bytes.Lines(text) {
		if value, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte("usage_usec ")); found {
			micros, _ := strconv.ParseFloat(string(value), 64)
			return micros / 1e6
		}
	}
	return 0
}
