package container

import (
	"os"
	"path"
	"strconv"
	"strings"
)

// groups is the folder of control groups (Linux, Documentation/admin-guide/cgroup-v2.rst).
var groups = "/sys/fs/cgroup"

// MostProcesses is what a container may have of processes and threads where its definition does not say: the table of
// processes is one for the whole machine.
const MostProcesses = 8192

// groupOf is the control group of a process (cgroups(7): the line of version 2 begins with "0::").
func groupOf(process string) string {
	text, err := os.ReadFile(process + "/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if group, found := strings.CutPrefix(strings.TrimSpace(line), "0::/"); found && group != "" && path.Clean("/"+group) == "/"+group {
			return group
		}
	}
	return ""
}

// bound: the group is there before the runtime, which takes it as it is; a service whose memory ends ends as a whole, and
// with it go its tmpfs mounts, which no killed process gives back. One that runs containers of its own goes on without the
// largest.
func (r *Runtime) bound(c *Container) {
	if c.Service == nil || c.Service.Memory == "" {
		return
	}
	group := path.Join(groups, c.ID)
	_ = os.Mkdir(group, 0o755)
	if !c.Delegated {
		_ = os.WriteFile(path.Join(group, "memory.oom.group"), []byte("1"), 0)
	}
	if c.Service.Memory == "unlimited" && r.mostMemory > 0 {
		_ = os.WriteFile(path.Join(group, "memory.max"), []byte(strconv.FormatInt(r.mostMemory, 10)), 0)
	}
}

// boundProcesses limits the processes of a container whose definition has no limit, in whatever group it is.
func (r *Runtime) boundProcesses(c *Container, group string) {
	if c.Pids > 0 || group == "" {
		return
	}
	file := path.Join(groups, group, "pids.max")
	if most, err := os.ReadFile(file); err == nil && strings.TrimSpace(string(most)) == "max" {
		_ = os.WriteFile(file, []byte(strconv.Itoa(MostProcesses)), 0)
	}
}

// Processes is what all of the containers may have of processes and threads together.
func Processes(containers []*Container) int {
	sum := 0
	for _, c := range containers {
		if c.Pids > 0 {
			sum += min(c.Pids, mostPids)
		} else {
			sum += MostProcesses
		}
	}
	return sum
}

// mostPids is the most that the kernel numbers (PID_MAX_LIMIT of linux/threads.h).
const mostPids = 4 << 20
