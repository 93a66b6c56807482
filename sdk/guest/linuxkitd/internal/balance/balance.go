// Package balance leads connections to one of several servers: the first of them that answers.
package balance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// mostConnections of clients at once: those of one machine, kubelet and kube-proxy, have a few.
	mostConnections = 512
	// patience is how long a server has to answer before the next one is asked.
	patience = 3 * time.Second
	// silence of a server that is gone ends a connection after three of these.
	silence = 5 * time.Second
)

// Run leads to servers until the context ends: `balance LISTEN SERVER...`, each ADDRESS:PORT.
func Run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("balance: got %q, wanted where to listen, and servers", args)
	}
	for _, one := range args {
		if _, err := netip.ParseAddrPort(one); err != nil {
			return fmt.Errorf("balance: got %q, wanted ADDRESS:PORT", one)
		}
	}
	listener, err := net.Listen("tcp", args[0])
	if err != nil {
		return fmt.Errorf("balance: %w", err)
	}
	b := &balance{servers: args[1:], dial: (&net.Dialer{Timeout: patience, KeepAliveConfig: keepAlive}).DialContext}
	return b.serve(ctx, listener)
}

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: silence, Interval: silence, Count: 3}

type balance struct {
	servers []string
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	// first is the number of the server that answered last: it is asked first.
	first atomic.Int64
}

// serve takes connections until the context ends, then ends those that are left.
func (b *balance) serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	free := make(chan struct{}, mostConnections)
	for {
		client, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("balance: %w", err)
		}
		if err != nil {
			// a table of files that is full is so for a moment
			time.Sleep(10 * time.Millisecond)
			continue
		}
		select {
		case free <- struct{}{}:
		default:
			_ = client.Close()
			continue
		}
		open.Go(func() {
			defer func() { <-free }()
			b.lead(ctx, client)
		})
	}
}

func (b *balance) lead(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := b.connect(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer func() { _ = server.Close() }()
	stop := context.AfterFunc(ctx, func() {
		_ = client.Close()
		_ = server.Close()
	})
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { pass(server, client) })
	pass(client, server)
	both.Wait()
}

// pass copies one direction. Its end is passed on, so that the other one can go on; a failure ends both.
func pass(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		_ = to.Close()
		_ = from.Close()
		return
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// connect asks each server once, that which answered last first.
func (b *balance) connect(ctx context.Context) (net.Conn, error) {
	first := int(b.first.Load())
	var failures []error
	for step := range b.servers {
		number := (first + step) % len(b.servers)
		server, err := b.dial(ctx, "tcp", b.servers[number])
		if err == nil {
			b.first.Store(int64(number))
			return server, nil
		}
		failures = append(failures, err)
	}
	return nil, fmt.Errorf("balance: no server answers: %w", errors.Join(failures...))
}
