package health

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// HTTPSocket asks a UNIX socket below a root folder for a path and wants a status.
func HTTPSocket(root *os.File, socket, path string, status int, limit time.Duration) error {
	connection, err := dialSocket(root, socket, limit)
	if err != nil {
		return fmt.Errorf("%s: %w", socket, err)
	}
	return ask(connection, socket, "localhost", path, status, limit)
}

var errNoSocket = errors.New("there is no socket")

// dialSocket connects to what the path leads to inside of the root. A link of the container's leads to no file of the
// machine (openat2(2), RESOLVE_IN_ROOT), and what was looked at is what is connected to.
func dialSocket(root *os.File, socket string, limit time.Duration) (net.Conn, error) {
	deadline := time.Now().Add(limit)
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	opened, err := unix.Openat2(int(root.Fd()), socket, how)
	if err != nil {
		return nil, err
	}
	defer unix.Close(opened)
	var found unix.Stat_t
	if err := unix.Fstat(opened, &found); err != nil || found.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, errNoSocket
	}
	// proc(5): the name of a descriptor leads to its file, whatever its own name is by now
	dialer := net.Dialer{Deadline: deadline}
	connection, err := dialer.Dial("unix", "/proc/self/fd/"+strconv.Itoa(opened))
	if err != nil {
		return nil, Reason(err, limit)
	}
	return connection, connection.SetDeadline(deadline)
}
