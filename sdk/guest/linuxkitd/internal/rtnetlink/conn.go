// Package rtnetlink asks the kernel for links, addresses and routes of IPv4, and makes them: rtnetlink(7).
package rtnetlink

import (
	"os"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Conn speaks with the kernel in one network namespace.
type Conn struct{ socket *netlink.Conn }

// Dial speaks in the namespace of the thread, or in another one. Without a thread of its own, a goroutine has the machine's.
func Dial(namespace *os.File) (*Conn, error) {
	config := &netlink.Config{}
	if namespace != nil {
		config.NetNS = int(namespace.Fd())
	}
	socket, err := netlink.Dial(unix.NETLINK_ROUTE, config)
	if err != nil {
		return nil, err
	}
	return &Conn{socket}, nil
}

// Close ends the conversation.
func (c *Conn) Close() error { return c.socket.Close() }

// The kinds of requests: one that makes something new, one that makes or replaces it, one of another kind.
const (
	add     = netlink.Create | netlink.Excl
	replace = netlink.Create | netlink.Replace
	change  = netlink.HeaderFlags(0)
)

// tell asks for a change, and waits until the kernel has made it.
func (c *Conn) tell(kind uint16, flags netlink.HeaderFlags, header []byte, attributes *netlink.AttributeEncoder) error {
	_, err := c.ask(kind, flags|netlink.Acknowledge, header, attributes)
	return err
}

func (c *Conn) ask(kind uint16, flags netlink.HeaderFlags, header []byte, attributes *netlink.AttributeEncoder) ([]netlink.Message, error) {
	encoded, err := attributes.Encode()
	if err != nil {
		return nil, err
	}
	return c.socket.Execute(netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: netlink.Request | flags},
		Data:   append(header, encoded...),
	})
}

// each decodes the attributes after the header of each message of a kind, until one is wrong.
func each(messages []netlink.Message, kind uint16, header int, use func(header []byte, attributes *netlink.AttributeDecoder)) error {
	for _, message := range messages {
		if message.Header.Type != netlink.HeaderType(kind) || len(message.Data) < header {
			continue
		}
		attributes, err := netlink.NewAttributeDecoder(message.Data[header:])
		if err != nil {
			return err
		}
		use(message.Data[:header], attributes)
		if err := attributes.Err(); err != nil {
			return err
		}
	}
	return nil
}
