package api

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

const (
	// ChannelFolder has a socket for each role. The container that ends TLS sees it, and nothing else does: the folder
	// above is open to PID 1 alone.
	ChannelFolder = "/run/linuxkit/api"
	// mostClients of a channel are served at once; more wait
	mostClients = 32
)

// ServeChannels makes the sockets for the user of that container, and serves them.
func ServeChannels(folder string, owner int, machine Machine) error {
	if err := os.MkdirAll(folder, 0o711); err != nil {
		return err
	}
	for _, role := range []Role{Reader, Administrator} {
		path := filepath.Join(folder, string(role)+".sock")
		_ = os.Remove(path)
		listener, err := net.Listen("unix", path)
		if err != nil {
			return err
		}
		if err := errors.Join(os.Chmod(path, 0o600), os.Chown(path, owner, owner)); err != nil {
			listener.Close()
			return err
		}
		guard.Go("the channel of the role "+string(role), func() { serveChannel(listener, role, machine) })
	}
	return nil
}

func serveChannel(listener net.Listener, role Role, machine Machine) {
	free := make(chan struct{}, mostClients)
	for {
		free <- struct{}{}
		connection, err := listener.Accept()
		if err != nil {
			<-free
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond)
			continue
		}
		guard.Go("a client of the machine", func() {
			defer func() { <-free }()
			_ = Serve(connection, role, machine)
		})
	}
}
