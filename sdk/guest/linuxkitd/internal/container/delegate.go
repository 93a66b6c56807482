package container

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// firstGroup is where the first process of a container goes that may make groups: a group that shares out its controllers
// has no processes of its own (Documentation/admin-guide/cgroup-v2.rst, "No Internal Process Constraint").
const firstGroup = "init"

// delegable are the files by which a group is delegated (same document, "Model of Delegation").
var delegable = []string{"", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"}

// delegate moves the container's process, which has not begun yet, into a group within its own, and turns on all
// controllers there. The root of its namespace stays its own group, whose limits it cannot change.
func (r *Runtime) delegate(running *Running) error {
	c := running.container
	if running.group != c.ID {
		return fmt.Errorf("it has the control group %q, not its own", running.group)
	}
	folder := path.Join(groups, running.group)
	shareOut(groups)
	first := path.Join(folder, firstGroup)
	if err := os.Mkdir(first, 0o755); err != nil && !os.IsExist(err) {
		return err
	}
	err := running.Living(func(pid int) error {
		return os.WriteFile(path.Join(first, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0)
	})
	if err != nil {
		return err
	}
	shareOut(folder)
	if c.UID == 0 && c.GID == 0 {
		return nil
	}
	for _, group := range []string{folder, first} {
		for _, name := range delegable {
			if err := os.Chown(path.Join(group, name), c.UID, c.GID); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepBorders: a mount of control groups from the machine's own namespace, as crun makes it for a container without one of its
// own, sets the options of all of them (Linux, kernel/cgroup/cgroup.c: apply_cgroup_root_flags). Without nsdelegate, user 0 of
// a container changes the limits of its own group.
func keepBorders() {
	_ = unix.Mount("", groups, "", unix.MS_REMOUNT|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "nsdelegate")
}

// shareOut turns on every controller that a group has, for the groups in it. One that cannot be turned on, as cpu with
// real-time processes, stays off.
func shareOut(folder string) {
	had, err := os.ReadFile(path.Join(folder, "cgroup.controllers"))
	if err != nil {
		return
	}
	for _, controller := range strings.Fields(string(had)) {
		_ = os.WriteFile(path.Join(folder, "cgroup.subtree_control"), []byte("+"+controller), 0)
	}
}
