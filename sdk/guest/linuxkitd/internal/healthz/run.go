// Package healthz is the program that answers GET /healthz for the whole machine. It runs in a container of its own that
// sees the states of the services and nothing else.
package healthz

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/arrivals"
)

const (
	states = "/services"
	// connections at once
	most = 256
	// for a whole request and its answer
	patience = 10 * time.Second
)

// Run serves on the port that is its argument.
func Run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("wanted a port")
	}
	if port, err := strconv.Atoi(args[0]); err != nil || port < 1 || port > 65535 {
		return fmt.Errorf("got port %q, wanted 1 to 65535", args[0])
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", ":"+args[0])
	if err != nil {
		return err
	}
	return Serve(listener, states)
}

// Serve answers with the states in a folder until the listener is closed.
func Serve(listener net.Listener, folder string) error {
	waiting := arrivals.New(most)
	for {
		connection, err := listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			// too many open files, a peer that is gone
			time.Sleep(10 * time.Millisecond)
			continue
		}
		leave := waiting.Enter(connection)
		go func() {
			defer leave()
			defer connection.Close()
			_ = connection.SetDeadline(time.Now().Add(patience))
			answer(connection, folder)
		}()
	}
}
