package dhcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// fakeNetwork has one server, and time that is the bubble's. The server answers what reply makes of a message.
type fakeNetwork struct {
	t     *testing.T
	began time.Time
	reply func(message *dhcpv4.DHCPv4, unicast bool) *dhcpv4.DHCPv4
	// done is what happened, each with its second.
	done []string
	fail error
}

func (n *fakeNetwork) note(format string, words ...any) {
	n.done = append(n.done, fmt.Sprintf("%d %s", int(time.Since(n.began).Seconds()), fmt.Sprintf(format, words...)))
}

func (n *fakeNetwork) mac() net.HardwareAddr { return hardware }

func (n *fakeNetwork) listen() (net.PacketConn, error) {
	return newFakeConn(n, netip.Addr{}), nil
}

func (n *fakeNetwork) connect(from netip.Addr) (net.PacketConn, error) {
	return newFakeConn(n, from), nil
}

func (n *fakeNetwork) take(given lease) error {
	n.note("take %s", given.address)
	return n.fail
}

func (n *fakeNetwork) flush() error {
	n.note("flush")
	return nil
}

// fakeConn is a socket on the network.
type fakeConn struct {
	net.PacketConn
	network *fakeNetwork
	answers chan []byte
	// expired is told when the deadline is over.
	expired chan struct{}
	mutex   sync.Mutex
	timer   *time.Timer
	from    netip.Addr
}

func newFakeConn(on *fakeNetwork, from netip.Addr) *fakeConn {
	return &fakeConn{network: on, answers: make(chan []byte, 64), expired: make(chan struct{}, 1), from: from}
}

func (c *fakeConn) WriteTo(content []byte, to net.Addr) (int, error) {
	message, err := dhcpv4.FromBytes(content)
	if err != nil {
		c.network.t.Errorf("not a message: %v", err)
		return 0, err
	}
	c.network.note("%s to %s", message.MessageType(), to)
	if id := message.Options.Get(dhcpv4.OptionClientIdentifier); !bytes.Equal(id, append([]byte{1}, hardware...)) {
		c.network.t.Errorf("the client calls itself %v", id)
	}
	// what is no answer to the client is passed over
	c.answers <- []byte("noise")
	if answer := c.network.reply(message, c.from.IsValid()); answer != nil {
		stranger := *answer
		stranger.TransactionID[0]++
		c.answers <- stranger.ToBytes()
		c.answers <- answer.ToBytes()
	}
	return len(content), nil
}

func (c *fakeConn) ReadFrom(buffer []byte) (int, net.Addr, error) {
	select {
	case content := <-c.answers:
		return copy(buffer, content), everyServer, nil
	case <-c.expired:
		return 0, nil, os.ErrDeadlineExceeded
	}
}

func (c *fakeConn) SetReadDeadline(deadline time.Time) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	select {
	case <-c.expired:
	default:
	}
	c.timer = time.AfterFunc(time.Until(deadline), func() {
		select {
		case c.expired <- struct{}{}:
		default:
		}
	})
	return nil
}

func (c *fakeConn) Close() error { return nil }

// server gives leases of 10.0.0.7 for that time to everyone.
func server(t *testing.T, lasts time.Duration) func(*dhcpv4.DHCPv4, bool) *dhcpv4.DHCPv4 {
	return func(message *dhcpv4.DHCPv4, _ bool) *dhcpv4.DHCPv4 {
		kind := dhcpv4.MessageTypeAck
		if message.MessageType() == dhcpv4.MessageTypeDiscover {
			kind = dhcpv4.MessageTypeOffer
		}
		return answerTo(t, message, kind, lasts)
	}
}

func answerTo(t *testing.T, message *dhcpv4.DHCPv4, kind dhcpv4.MessageType, lasts time.Duration) *dhcpv4.DHCPv4 {
	answer := ack(t, dhcpv4.OptIPAddressLeaseTime(lasts), dhcpv4.OptMessageType(kind))
	answer.TransactionID = message.TransactionID
	return answer
}

func newClient(t *testing.T, reply func(*dhcpv4.DHCPv4, bool) *dhcpv4.DHCPv4) (*client, *fakeNetwork, *bytes.Buffer) {
	var said bytes.Buffer
	on := &fakeNetwork{t: t, began: time.Now(), reply: reply}
	path := filepath.Join(t.TempDir(), "resolv.conf")
	return &client{network: on, link: "eth0", resolver: &resolver{path, nil}, out: &said, err: &said, answer: 2 * time.Second, retry: 20 * time.Second}, on, &said
}

func TestOnceTakesTheFirstLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, on, said := newClient(t, server(t, time.Hour))
		if _, err := c.once(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if wanted := []string{"0 DISCOVER to 255.255.255.255:67", "0 REQUEST to 255.255.255.255:67", "0 take 10.0.0.7/24"}; !slices.Equal(on.done, wanted) {
			t.Errorf("got %q", on.done)
		}
		if wanted := "dhcp: eth0 has 10.0.0.7/24, gateway 10.0.0.1, name servers 10.0.0.2\n"; said.String() != wanted {
			t.Errorf("got %q", said)
		}
	})
}

func TestOnceAsksAgainUntilTheTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, on, _ := newClient(t, func(*dhcpv4.DHCPv4, bool) *dhcpv4.DHCPv4 { return nil })
		_, err := c.once(t.Context(), 10*time.Second)
		if !errors.Is(err, errNoLease) || err.Error() != "no lease on eth0" || len(on.done) != 5 || time.Since(on.began) != 10*time.Second {
			t.Fatalf("got %v after %q and %v", err, on.done, time.Since(on.began))
		}
	})
}

func TestOncePassesOverWhatNoHostCanHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c, on, said := newClient(t, nil)
		on.reply = func(message *dhcpv4.DHCPv4, _ bool) *dhcpv4.DHCPv4 {
			answer := server(t, time.Hour)(message, false)
			if tries++; tries < 6 {
				answer.YourIPAddr = net.IPv4bcast
			}
			return answer
		}
		if _, err := c.once(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if wanted := "dhcp: eth0: the server gave 255.255.255.255, which is no host's address\ndhcp: eth0 has"; !strings.HasPrefix(said.String(), wanted) {
			t.Errorf("got %q", said)
		}
	})
}

func TestOnceFailsWhereTheLeaseCannotBeSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, on, _ := newClient(t, server(t, time.Hour))
		on.fail = errors.New("no such device")
		if _, err := c.once(t.Context(), time.Minute); err == nil || err.Error() != "there is a lease, and it could not be set on eth0: no such device" {
			t.Fatalf("got %v", err)
		}
	})
}

func TestKeepRenewsRebindsAndStartsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, on, _ := newClient(t, nil)
		give := server(t, 1600*time.Second)
		on.reply = func(message *dhcpv4.DHCPv4, unicast bool) *dhcpv4.DHCPv4 {
			age := time.Since(on.began)
			// from the second renewal on the server is silent to its own clients; any other answers, for a while
			if (unicast && age > 1000*time.Second) || age > 2500*time.Second && age < 4500*time.Second {
				return nil
			}
			if message.MessageType() == dhcpv4.MessageTypeRequest && message.ClientIPAddr.IsUnspecified() == (message.Options.Get(dhcpv4.OptionRequestedIPAddress) == nil) {
				t.Errorf("a request names its address once: %s", message.Summary())
			}
			return give(message, unicast)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4600*time.Second)
		defer cancel()
		if err := c.keep(ctx, 4*time.Second); err != nil {
			t.Fatal(err)
		}
		wanted := []string{
			"0 DISCOVER to 255.255.255.255:67", "0 REQUEST to 255.255.255.255:67", "0 take 10.0.0.7/24",
			"800 REQUEST to 10.0.0.1:67", "800 take 10.0.0.7/24",
			// half of the lease is over: then half of what is left, and at least a minute
			"1600 REQUEST to 10.0.0.1:67", "1901 REQUEST to 10.0.0.1:67", "2051 REQUEST to 10.0.0.1:67", "2126 REQUEST to 10.0.0.1:67", "2188 REQUEST to 10.0.0.1:67",
			// seven eighths are over: every server is asked
			"2200 REQUEST to 255.255.255.255:67", "2200 take 10.0.0.7/24",
			"3000 REQUEST to 10.0.0.1:67",
		}
		if len(on.done) < len(wanted) || !slices.Equal(on.done[:len(wanted)], wanted) {
			t.Fatalf("got %q", on.done)
		}
		// the lease ends at 3800, and is then asked for like the first, with a rest between
		rest := on.done[slices.IndexFunc(on.done, func(line string) bool { return strings.HasPrefix(line, "3800 ") }):]
		if rest[0] != "3800 DISCOVER to 255.255.255.255:67" || rest[1] != "3802 DISCOVER to 255.255.255.255:67" || rest[2] != "3824 DISCOVER to 255.255.255.255:67" {
			t.Errorf("got %q", rest[:3])
		}
		if last := on.done[len(on.done)-1]; !strings.HasSuffix(last, "take 10.0.0.7/24") {
			t.Errorf("got %q", last)
		}
	})
}

func TestKeepGivesUpARefusedAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, on, said := newClient(t, nil)
		on.reply = func(message *dhcpv4.DHCPv4, unicast bool) *dhcpv4.DHCPv4 {
			if !unicast {
				return server(t, 1600*time.Second)(message, false)
			}
			answer := answerTo(t, message, dhcpv4.MessageTypeNak, 0)
			answer.UpdateOption(dhcpv4.OptMessage("moved\x1b[2J\n"))
			return answer
		}
		ctx, cancel := context.WithTimeout(t.Context(), 900*time.Second)
		defer cancel()
		if err := c.keep(ctx, 4*time.Second); err != nil {
			t.Fatal(err)
		}
		if wanted := []string{"800 REQUEST to 10.0.0.1:67", "800 flush", "800 DISCOVER to 255.255.255.255:67", "800 REQUEST to 255.255.255.255:67", "800 take 10.0.0.7/24"}; !slices.Equal(on.done[3:], wanted) {
			t.Errorf("got %q", on.done)
		}
		if !strings.Contains(said.String(), "dhcp: eth0: the server refused: moved[2J\n") {
			t.Errorf("got %q", said)
		}
	})
}
