package dhcp

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/printable"
)

const (
	// packetLimit is the greatest size of an answer that is read: a packet of Ethernet's.
	packetLimit = 1500
	serverPort  = 67
	clientPort  = 68
)

// refusal is a server that takes a lease back, with its reason, if it gives one.
type refusal string

func (r refusal) Error() string {
	if r == "" {
		return "the server refused"
	}
	return "the server refused: " + string(r)
}

// requested are the options that the client asks for (RFC 2132; 121 is RFC 3442).
var requested = []dhcpv4.OptionCode{
	dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer, dhcpv4.OptionDomainName, dhcpv4.OptionInterfaceMTU,
	dhcpv4.OptionIPAddressLeaseTime, dhcpv4.OptionRenewTimeValue, dhcpv4.OptionRebindingTimeValue, dhcpv4.OptionClasslessStaticRoute,
}

// exchange is one conversation with servers.
type exchange struct {
	conn  net.PacketConn
	to    net.Addr
	mac   net.HardwareAddr
	id    dhcpv4.TransactionID
	began time.Time
	// pause is how long an answer is waited for.
	pause time.Duration
}

func newExchange(conn net.PacketConn, to net.Addr, mac net.HardwareAddr, pause time.Duration) *exchange {
	e := &exchange{conn: conn, to: to, mac: mac, began: time.Now(), pause: pause}
	// getrandom(2) gives so few bytes whole; crypto/rand brings a module of FIPS 140 along
	_, _ = unix.Getrandom(e.id[:], 0)
	return e
}

// ask sends a message and waits for an answer of one of the kinds; nothing where none comes in time.
func (e *exchange) ask(ctx context.Context, kind dhcpv4.MessageType, more []dhcpv4.Modifier, answers ...dhcpv4.MessageType) (*dhcpv4.DHCPv4, error) {
	message, err := dhcpv4.New(append([]dhcpv4.Modifier{
		dhcpv4.WithTransactionID(e.id), dhcpv4.WithHwAddr(e.mac), dhcpv4.WithMessageType(kind),
		dhcpv4.WithOption(dhcpv4.OptClientIdentifier(append([]byte{1}, e.mac...))),
		dhcpv4.WithOption(dhcpv4.OptClassIdentifier("linuxkitd")),
		dhcpv4.WithOption(dhcpv4.OptMaxMessageSize(packetLimit)),
		dhcpv4.WithRequestedOptions(requested...),
	}, more...)...)
	if err != nil {
		return nil, err
	}
	message.NumSeconds = uint16(min(time.Since(e.began)/time.Second, 0xffff))
	if _, err := e.conn.WriteTo(message.ToBytes(), e.to); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(e.pause)
	if end, limited := ctx.Deadline(); limited && end.Before(deadline) {
		deadline = end
	}
	if err := e.conn.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = e.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buffer := make([]byte, packetLimit)
	for {
		n, _, err := e.conn.ReadFrom(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if answer := e.answerOf(buffer[:n], answers); answer != nil {
			return answer, nil
		}
	}
}

// answerOf reads a packet; nothing where it is not an answer to this conversation.
func (e *exchange) answerOf(packet []byte, kinds []dhcpv4.MessageType) *dhcpv4.DHCPv4 {
	answer, err := dhcpv4.FromBytes(packet)
	if err != nil || answer.OpCode != dhcpv4.OpcodeBootReply || answer.TransactionID != e.id || !bytes.Equal(answer.ClientHWAddr, e.mac) {
		return nil
	}
	for _, kind := range kinds {
		if answer.MessageType() == kind {
			return answer
		}
	}
	return nil
}

// obtain asks all servers for a lease once; nothing where none gives one in time.
func (e *exchange) obtain(ctx context.Context) (*lease, error) {
	offer, err := e.ask(ctx, dhcpv4.MessageTypeDiscover, nil, dhcpv4.MessageTypeOffer)
	if err != nil || offer == nil {
		return nil, err
	}
	return e.request(ctx, []dhcpv4.Modifier{
		dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(offer.YourIPAddr)),
		dhcpv4.WithOptionCopied(offer, dhcpv4.OptionServerIdentifier),
	})
}

// extend asks for more time for a lease (RFC 2131, section 4.3.2: neither a server nor an address is named).
func (e *exchange) extend(ctx context.Context, held lease) (*lease, error) {
	return e.request(ctx, []dhcpv4.Modifier{dhcpv4.WithClientIP(held.address.Addr().AsSlice())})
}

func (e *exchange) request(ctx context.Context, more []dhcpv4.Modifier) (*lease, error) {
	answer, err := e.ask(ctx, dhcpv4.MessageTypeRequest, more, dhcpv4.MessageTypeAck, dhcpv4.MessageTypeNak)
	if err != nil || answer == nil {
		return nil, err
	}
	if answer.MessageType() == dhcpv4.MessageTypeNak {
		return nil, refusal(printable.Line(answer.Message()))
	}
	given, err := leaseOf(answer)
	return &given, err
}
