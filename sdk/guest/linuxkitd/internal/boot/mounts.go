// Package boot is what happens before the first task.
package boot

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/mount"
)

type filesystem struct{ source, folder, kind, options string }

// filesystems of the guest itself, in this order. What is written goes to memory, within bounds.
var filesystems = []filesystem{
	{"sysfs", "/sys", "sysfs", "nosuid,nodev,noexec"},
	{"securityfs", "/sys/kernel/security", "securityfs", "nosuid,nodev,noexec"},
	{"cgroup2", "/sys/fs/cgroup", "cgroup2", "nosuid,nodev,noexec,nsdelegate"},
	{"devpts", "/dev/pts", "devpts", "nosuid,noexec,gid=5,mode=0620,ptmxmode=0666"},
	{"tmpfs", "/dev/shm", "tmpfs", "nosuid,nodev,noexec,mode=1777"},
	{"mqueue", "/dev/mqueue", "mqueue", "nosuid,nodev,noexec"},
	{"tmpfs", "/run", "tmpfs", "nosuid,nodev,size=10%,mode=755"},
	{"tmpfs", "/tmp", "tmpfs", "nosuid,nodev,size=10%,mode=1777"},
	{"tmpfs", "/var", "tmpfs", "nosuid,nodev,size=50%,mode=755"},
	{"tmpfs", "/mnt", "tmpfs", "nosuid,nodev,noexec,size=1m,mode=755"},
}

var folders = []string{
	"/run/log/onboot", "/run/log/onshutdown", "/run/linuxkit/services", "/run/config",
	"/var/cache", "/var/empty", "/var/lib", "/var/local", "/var/lock", "/var/log", "/var/opt", "/var/spool", "/var/tmp",
}

// MountProc mounts /proc, without which the kernel tells nothing.
func MountProc() error {
	return mountOne(filesystem{"proc", "/proc", "proc", "nosuid,nodev,noexec,hidepid=2"})
}

func mountOne(asked filesystem) error {
	return mount.At(asked.kind, asked.source, strings.Split(asked.options, ","), asked.folder)
}

// MountDev mounts /dev, with the console in it.
func MountDev() error {
	return mountOne(filesystem{"devtmpfs", "/dev", "devtmpfs", "nosuid,noexec,size=10m,mode=755"})
}

// MountBase mounts the rest. A kernel may lack one of them, so the others are mounted all the same.
func MountBase() error {
	var failures []error
	for _, asked := range filesystems {
		failures = append(failures, mountOne(asked))
	}
	for _, folder := range folders {
		failures = append(failures, os.MkdirAll(folder, 0o755))
	}
	failures = append(failures, os.Chmod("/run/linuxkit", 0o700), os.Chmod("/var/tmp", 0o1777), os.Symlink("/run", "/var/run"), os.Symlink("/proc/self/fd", "/dev/fd"))
	for _, controller := range []string{"cpu", "memory", "pids"} {
		_ = os.WriteFile("/sys/fs/cgroup/cgroup.subtree_control", []byte("+"+controller), 0)
	}
	return errors.Join(failures...)
}

// SealRoot makes the root read-only. Mounts inside containers that are "shared" reach the root, as LinuxKit has it.
func SealRoot() error {
	if err := unix.Mount("", "/", "", unix.MS_SHARED|unix.MS_REC, ""); err != nil {
		return err
	}
	return unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
}

// CloseUserNamespaces: a user namespace gives any user all capabilities within it, and with them code of the kernel that
// is else closed to it; so it takes CAP_SYS_ADMIN, where the kernel has this switch, as Debian's has. A task may set it
// back.
func CloseUserNamespaces() {
	const file = "/proc/sys/kernel/unprivileged_userns_clone"
	if _, err := os.Stat(file); err == nil {
		_ = os.WriteFile(file, []byte("0"), 0)
	}
}
