// Package tlscheck is the program that asks services for their health over TLS. It runs in a container of its own that has
// no network: PID 1 connects, and hands each connection over with what is to be asked.
package tlscheck

import (
	"context"
	"errors"
	"net"
	"runtime/debug"

	"pulumi-linuxkit/linuxkitd/internal/health"
)

// checks is where the container sees PID 1's socket.
const checks = "/checks/" + health.SocketName

// Run asks what it is given until it is stopped.
func Run(ctx context.Context, args []string) error {
	if len(args) != 0 {
		return errors.New("wanted no arguments")
	}
	// it rests most of the time: a small program is worth more than a fast one
	debug.SetGCPercent(20)
	return Serve(ctx, checks)
}

// Serve always has one connection that waits at a socket. What comes over it is asked while the next one waits, so that no
// check waits for another.
func Serve(ctx context.Context, socket string) error {
	for ctx.Err() == nil {
		waiting, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
		if err != nil {
			return err
		}
		stop := context.AfterFunc(ctx, func() { waiting.Close() })
		question, connection, err := health.TakeQuestion(waiting.(*net.UnixConn))
		stop()
		if err != nil {
			waiting.Close()
			if ctx.Err() == nil {
				return err
			}
			break
		}
		go func() {
			defer waiting.Close()
			defer connection.Close()
			answer := health.Passed
			if err := check(connection, question); err != nil {
				answer = err.Error()
			}
			_, _ = waiting.Write([]byte(answer))
		}()
	}
	return nil
}
