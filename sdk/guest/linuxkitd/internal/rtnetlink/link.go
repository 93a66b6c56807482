package rtnetlink

import (
	"encoding/binary"
	"net"
	"os"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Link is an interface.
type Link struct {
	Index int
	Name  string
	MTU   int
	MAC   net.HardwareAddr
}

// VETH_INFO_PEER of linux/veth.h
const vethPeer = 1

// linkHeader is struct ifinfomsg of linux/rtnetlink.h, with the flags to change and which of them those are.
func linkHeader(index int, flags, mask uint32) []byte {
	header := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(header[4:], uint32(index))
	binary.NativeEndian.PutUint32(header[8:], flags)
	binary.NativeEndian.PutUint32(header[12:], mask)
	return header
}

// Link finds a link by its name. Without one the error is ENODEV.
func (c *Conn) Link(name string) (Link, error) {
	attributes := netlink.NewAttributeEncoder()
	attributes.String(unix.IFLA_IFNAME, name)
	links, err := c.links(0, attributes)
	if err == nil && len(links) == 0 {
		err = unix.ENODEV
	}
	if err != nil {
		return Link{}, err
	}
	return links[0], nil
}

// Links are all of them.
func (c *Conn) Links() ([]Link, error) { return c.links(netlink.Dump, netlink.NewAttributeEncoder()) }

func (c *Conn) links(flags netlink.HeaderFlags, attributes *netlink.AttributeEncoder) ([]Link, error) {
	answers, err := c.ask(unix.RTM_GETLINK, flags, linkHeader(0, 0, 0), attributes)
	if err != nil {
		return nil, err
	}
	var links []Link
	err = each(answers, unix.RTM_NEWLINK, unix.SizeofIfInfomsg, func(header []byte, has *netlink.AttributeDecoder) {
		link := Link{Index: int(binary.NativeEndian.Uint32(header[4:]))}
		for has.Next() {
			switch has.Type() {
			case unix.IFLA_IFNAME:
				link.Name = has.String()
			case unix.IFLA_MTU:
				link.MTU = int(has.Uint32())
			case unix.IFLA_ADDRESS:
				link.MAC = has.Bytes()
			}
		}
		links = append(links, link)
	})
	return links, err
}

// SetUp sets a link up.
func (c *Conn) SetUp(link Link) error {
	return c.tell(unix.RTM_NEWLINK, change, linkHeader(link.Index, unix.IFF_UP, unix.IFF_UP), netlink.NewAttributeEncoder())
}

// SetMTU sets the size of its packets.
func (c *Conn) SetMTU(link Link, mtu int) error {
	attributes := netlink.NewAttributeEncoder()
	attributes.Uint32(unix.IFLA_MTU, uint32(mtu))
	return c.tell(unix.RTM_NEWLINK, change, linkHeader(link.Index, 0, 0), attributes)
}

// Move gives a link to another namespace.
func (c *Conn) Move(link Link, namespace *os.File) error {
	attributes := netlink.NewAttributeEncoder()
	attributes.Uint32(unix.IFLA_NET_NS_FD, uint32(namespace.Fd()))
	return c.tell(unix.RTM_NEWLINK, change, linkHeader(link.Index, 0, 0), attributes)
}

// Delete deletes a link.
func (c *Conn) Delete(link Link) error {
	return c.tell(unix.RTM_DELLINK, change, linkHeader(link.Index, 0, 0), netlink.NewAttributeEncoder())
}

// AddLink makes a link of a kind that needs nothing more, such as dummy.
func (c *Conn) AddLink(name, kind string) error {
	attributes := netlink.NewAttributeEncoder()
	attributes.String(unix.IFLA_IFNAME, name)
	attributes.Nested(unix.IFLA_LINKINFO, func(info *netlink.AttributeEncoder) error {
		info.String(unix.IFLA_INFO_KIND, kind)
		return nil
	})
	return c.tell(unix.RTM_NEWLINK, add, linkHeader(0, 0, 0), attributes)
}

// End is one end of a pair; without a namespace it is where the connection speaks.
type End struct {
	Name      string
	Namespace *os.File
}

func (e End) encode(attributes *netlink.AttributeEncoder) {
	attributes.String(unix.IFLA_IFNAME, e.Name)
	if e.Namespace != nil {
		attributes.Uint32(unix.IFLA_NET_NS_FD, uint32(e.Namespace.Fd()))
	}
}

// AddPair makes two links that lead to each other: veth(4). The peer's own message lies in the attributes of the first.
func (c *Conn) AddPair(end, peer End) error {
	attributes := netlink.NewAttributeEncoder()
	end.encode(attributes)
	attributes.Nested(unix.IFLA_LINKINFO, func(info *netlink.AttributeEncoder) error {
		info.String(unix.IFLA_INFO_KIND, "veth")
		info.Nested(unix.IFLA_INFO_DATA, func(data *netlink.AttributeEncoder) error {
			data.Do(vethPeer, func() ([]byte, error) {
				there := netlink.NewAttributeEncoder()
				peer.encode(there)
				encoded, err := there.Encode()
				return append(linkHeader(0, 0, 0), encoded...), err
			})
			return nil
		})
		return nil
	})
	return c.tell(unix.RTM_NEWLINK, add, linkHeader(0, 0, 0), attributes)
}
