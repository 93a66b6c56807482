package dhcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

// network is the machine's: what a lease changes in it.
type network interface {
	// listen opens a socket that reaches all servers before the interface has an address.
	listen() (net.PacketConn, error)
	// connect opens a socket from the leased address.
	connect(from netip.Addr) (net.PacketConn, error)
	mac() net.HardwareAddr
	// take gives the interface what the lease says.
	take(given lease) error
	// flush takes all IPv4 addresses away.
	flush() error
}

// client gets a lease for one interface, and keeps it.
type client struct {
	network  network
	link     string
	resolver *resolver
	out, err io.Writer
	// answer is how long an answer is waited for, retry how long a client without lease rests.
	answer, retry time.Duration
}

// once gets a lease before the time is over.
func (c *client) once(ctx context.Context, within time.Duration) (*lease, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := c.network.listen()
	if err != nil {
		return nil, fmt.Errorf("no socket on %s: %w", c.link, err)
	}
	defer conn.Close()
	return c.obtain(ctx, conn)
}

func (c *client) obtain(ctx context.Context, conn net.PacketConn) (*lease, error) {
	said := ""
	for ctx.Err() == nil && !isOver(ctx) {
		began := time.Now()
		given, err := newExchange(conn, everyServer, c.network.mac(), c.answer).obtain(ctx)
		if given != nil && err == nil {
			return given, c.take(*given)
		}
		if err != nil && err.Error() != said {
			said = err.Error()
			fmt.Fprintf(c.err, "dhcp: %s: %s\n", c.link, said)
		}
		// a server that refuses at once, or a link that is down, is not asked without a pause
		sleep(ctx, c.answer-time.Since(began))
	}
	return nil, fmt.Errorf("%w on %s", errNoLease, c.link)
}

func (c *client) take(given lease) error {
	if err := c.network.take(given); err != nil {
		return fmt.Errorf("there is a lease, and it could not be set on %s: %w", c.link, err)
	}
	servers, err := c.resolver.write(given)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "dhcp: %s has %s, gateway %s, name servers %s\n", c.link, given.address, orNone(given.gateway()), servers)
	return nil
}

// keep gets leases and renews them until the context ends.
func (c *client) keep(ctx context.Context, within time.Duration) error {
	for {
		began := time.Now()
		given, err := c.once(ctx, within)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			fmt.Fprintf(c.err, "dhcp: %v yet\n", err)
			sleep(ctx, c.retry)
			continue
		}
		c.hold(ctx, *given, began)
	}
}

// hold renews a lease again and again, and returns when it is lost. The address stays until another is given.
func (c *client) hold(ctx context.Context, held lease, began time.Time) {
	for ctx.Err() == nil {
		wait, from := c.nextTry(held, time.Since(began))
		if from == lost {
			return
		}
		sleep(ctx, wait)
		if from = held.stateAt(time.Since(began)); from == lost || ctx.Err() != nil {
			return
		}
		asked := time.Now()
		given, err := c.renew(ctx, held, from)
		switch {
		case errors.As(err, new(refusal)):
			fmt.Fprintf(c.err, "dhcp: %s: %v\n", c.link, err)
			if err := c.network.flush(); err != nil {
				fmt.Fprintf(c.err, "dhcp: %v\n", err)
			}
			return
		case err == nil && given != nil:
			if err = c.take(*given); err == nil {
				held, began = *given, asked
				continue
			}
		}
		if err != nil {
			fmt.Fprintf(c.err, "dhcp: %s: %v\n", c.link, err)
		}
	}
}

func (c *client) renew(ctx context.Context, held lease, from state) (*lease, error) {
	open, to := c.network.listen, net.Addr(everyServer)
	if from == renewing && held.server.IsValid() {
		open = func() (net.PacketConn, error) { return c.network.connect(held.address.Addr()) }
		to = &net.UDPAddr{IP: held.server.AsSlice(), Port: serverPort}
	}
	conn, err := open()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return newExchange(conn, to, c.network.mac(), c.answer).extend(ctx, held)
}

var errNoLease = errors.New("no lease")

var everyServer = &net.UDPAddr{IP: net.IPv4bcast, Port: serverPort}

// isOver reports whether a context's time is over, which the context itself may say a moment later.
func isOver(ctx context.Context) bool {
	end, limited := ctx.Deadline()
	return limited && !time.Now().Before(end)
}

func sleep(ctx context.Context, pause time.Duration) {
	if pause <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}

func orNone(address netip.Addr) string {
	if address.IsValid() {
		return address.String()
	}
	return "none"
}
