package mount

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mostLinks is the kernel's own limit (path_resolution(7)).
const mostLinks = 40

// reach opens what a path leads to, without its being read or written (open(2), O_PATH). Containers write to volumes and
// other folders of the machine, so a symlink there is not followed: it leads where a container wants it. Those of the
// machine's root are the build's own, and those of /proc and /sys the kernel's.
//
// With inside, the path is one of a container's root filesystem: all its symlinks are followed, and none leads out of it.
// With makes, folders that are missing are made.
type reach struct {
	inside string
	makes  bool
}

// Open opens what a path of the machine leads to.
func Open(name string) (*os.File, error) { return reach{}.open(name) }

// MakeFolder opens a folder of the machine, which it makes where it is missing.
func MakeFolder(name string) (*os.File, error) { return reach{makes: true}.open(name) }

// MakeInside opens a folder of a container's root filesystem, which it makes where it is missing.
func MakeInside(root, name string) (*os.File, error) {
	return reach{inside: root, makes: true}.open(name)
}

// MakeFile opens a file of the machine, which it makes, empty, where it is missing.
func MakeFile(name string) (*os.File, error) {
	folder, err := MakeFolder(path.Dir(name))
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	base := path.Base(path.Clean("/" + name))
	made, err := unix.Openat(int(folder.Fd()), base, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o644)
	if err == nil {
		unix.Close(made)
	} else if !errors.Is(err, unix.EEXIST) {
		return nil, &os.PathError{Op: "create", Path: name, Err: err}
	}
	return Open(name)
}

// ByDescriptor is the path that leads to an open file, whatever has become of its name (proc_pid_fd(5)).
func ByDescriptor(file *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(file.Fd())) }

func (r reach) open(name string) (*os.File, error) {
	rest := clean(name)
	for range mostLinks {
		fd, next, err := r.walk(rest)
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: name, Err: err}
		}
		if next == "" {
			return os.NewFile(uintptr(fd), name), nil
		}
		rest = clean(next)
	}
	return nil, &os.PathError{Op: "open", Path: name, Err: unix.ELOOP}
}

// clean: the guest has /var/run as a symlink to /run, in a filesystem that containers may write.
func clean(name string) string {
	name = path.Clean("/" + name)
	if name == "/var/run" || strings.HasPrefix(name, "/var/run/") {
		return strings.TrimPrefix(name, "/var")
	}
	return name
}

// walk opens one part of the path after the other. At a symlink that may be followed it gives the path to go on with.
func (r reach) walk(name string) (fd int, next string, err error) {
	top, err := openPart(unix.AT_FDCWD, path.Join("/", r.inside))
	if err != nil {
		return -1, "", err
	}
	var root unix.Stat_t
	if err := unix.Fstat(top, &root); err != nil {
		unix.Close(top)
		return -1, "", err
	}
	folder, at := top, "/"
	parts := strings.Split(strings.Trim(name, "/"), "/")
	if name == "/" {
		return folder, "", nil
	}
	for index, part := range parts {
		found, err := r.part(folder, part)
		if err != nil {
			unix.Close(folder)
			return -1, "", err
		}
		var what unix.Stat_t
		err = unix.Fstat(found, &what)
		if err == nil && what.Mode&unix.S_IFMT == unix.S_IFLNK {
			next, err = r.follow(root.Dev, folder, found, path.Join(at, part))
			unix.Close(found)
			unix.Close(folder)
			if err != nil {
				return -1, "", err
			}
			if !strings.HasPrefix(next, "/") {
				next = path.Join(at, next)
			}
			return -1, path.Join(append([]string{next}, parts[index+1:]...)...), nil
		}
		unix.Close(folder)
		if err != nil {
			unix.Close(found)
			return -1, "", err
		}
		folder, at = found, path.Join(at, part)
	}
	return folder, "", nil
}

func (r reach) part(folder int, name string) (int, error) {
	found, err := openPart(folder, name)
	if !errors.Is(err, unix.ENOENT) || !r.makes {
		return found, err
	}
	if err := unix.Mkdirat(folder, name, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, err
	}
	return openPart(folder, name)
}

func openPart(folder int, name string) (int, error) {
	return unix.Openat(folder, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

// follow gives the text of a symlink that may be followed.
func (r reach) follow(root uint64, folder, link int, name string) (string, error) {
	var holder unix.Stat_t
	if err := unix.Fstat(folder, &holder); err != nil {
		return "", err
	}
	if r.inside == "" && holder.Dev != root && !ofKernel(folder) {
		return "", fmt.Errorf("%s is a symlink where a container may write, which is not followed", name)
	}
	text := make([]byte, unix.PathMax)
	count, err := unix.Readlinkat(link, "", text)
	if err != nil {
		return "", err
	}
	return string(text[:count]), nil
}

func ofKernel(folder int) bool {
	var of unix.Statfs_t
	err := unix.Fstatfs(folder, &of)
	return err == nil && (of.Type == unix.PROC_SUPER_MAGIC || of.Type == unix.SYSFS_MAGIC)
}
