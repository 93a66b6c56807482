package api

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

// PortName begins the names of the virtio-serial ports that QEMU gives: each takes one client at a time, so there are
// several. providers/qemu/plugin/api-ports.ts adds them.
const PortName = "pulumi-linuxkit.api."

const (
	portFolder = "/sys/class/virtio-ports"
	// the driver names its ports a moment after it was inserted
	portTries = 20
	portPause = 250 * time.Millisecond
)

// ServePorts serves every port that QEMU gives the interface, for ever. Who can open the port's socket on the host is the
// user whom the machine belongs to: an administrator.
func ServePorts(machine Machine) {
	for range portTries {
		paths := findPorts(portFolder)
		for _, path := range paths {
			guard.Go("the port "+path, func() { servePort(path, machine) })
		}
		if len(paths) > 0 {
			return
		}
		time.Sleep(portPause)
	}
}

// findPorts gives the devices whose names are the interface's. One that has no name yet is waited for with all others.
func findPorts(folder string) []string {
	names, _ := filepath.Glob(filepath.Join(folder, "*", "name"))
	var devices []string
	for _, file := range names {
		text, err := os.ReadFile(file)
		if err == nil && strings.HasPrefix(string(text), PortName) {
			devices = append(devices, "/dev/"+filepath.Base(filepath.Dir(file)))
		}
	}
	return devices
}

// servePort holds the port open, which nobody else can then open, and serves one client after another.
func servePort(path string, machine Machine) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	for {
		if err := awaitClient(file); err != nil {
			return
		}
		_ = guard.Run("a client of the machine", func() { _ = Serve(&client{file}, Administrator, machine) })
		// what a client that spoke out of turn still sends is nothing to the next one
		drain(file)
		_ = file.SetDeadline(time.Time{})
	}
}

// client is the port while a client has it.
type client struct{ file *os.File }

// Read ends with io.EOF when the client has gone: the driver then reads nothing (virtio_console.c, port_fops_read).
func (c *client) Read(into []byte) (int, error) { return c.file.Read(into) }

func (c *client) Write(bytes []byte) (int, error) { return c.file.Write(bytes) }

// Close ends the reads and writes that wait.
func (c *client) Close() error { return c.file.SetDeadline(time.Unix(1, 0)) }

var errNoPort = errors.New("the port is gone")

// awaitClient waits until the port has something to read. Without a client a read gives nothing, at once; the driver wakes
// the port when one comes.
func awaitClient(file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	gone := error(nil)
	err = raw.Read(func(fd uintptr) bool {
		events := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(events, 0); err != nil && err != syscall.EINTR {
			gone = errNoPort
			return true
		}
		// POLLHUP alone is a port without a client
		return events[0].Revents&unix.POLLIN != 0 && events[0].Revents&unix.POLLHUP == 0
	})
	return errors.Join(err, gone)
}

// drain reads until the client has gone.
func drain(file *os.File) {
	_ = file.SetDeadline(time.Time{})
	_, _ = io.Copy(io.Discard, file)
}
