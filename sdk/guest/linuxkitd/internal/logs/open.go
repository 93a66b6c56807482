package logs

import (
	"os"

	"golang.org/x/sys/unix"
)

// Open opens a log to be read. A container that is given the folder of logs may have put something else there: a symlink
// is not followed, and a pipe is not waited for.
func Open(path string) (*os.File, error) { return open(path, unix.O_RDONLY) }

func open(path string, flags uint64) (*os.File, error) {
	how := &unix.OpenHow{Flags: flags | unix.O_NONBLOCK | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	if flags&unix.O_CREAT != 0 {
		how.Mode = 0o644
	}
	opened, err := unix.Openat2(unix.AT_FDCWD, path, how)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	var what unix.Stat_t
	err = unix.Fstat(opened, &what)
	if err == nil && what.Mode&unix.S_IFMT != unix.S_IFREG {
		err = unix.EINVAL
	}
	if err != nil {
		unix.Close(opened)
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(opened), path), nil
}
