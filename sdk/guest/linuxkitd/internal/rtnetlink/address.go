package rtnetlink

import (
	"encoding/binary"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Address is an address of a link.
type Address struct {
	Local netip.Addr
	// Network that it reaches; of a link from point to point, the other end's.
	Network netip.Prefix
	link    int
}

// AddAddress gives a link an address; ReplaceAddress also where it has it.
func (c *Conn) AddAddress(link Link, address netip.Prefix) error {
	return c.address(unix.RTM_NEWADDR, add, Address{Local: address.Addr(), Network: address, link: link.Index})
}

// ReplaceAddress gives a link an address, which it may have.
func (c *Conn) ReplaceAddress(link Link, address netip.Prefix) error {
	return c.address(unix.RTM_NEWADDR, replace, Address{Local: address.Addr(), Network: address, link: link.Index})
}

// DeleteAddress takes one of Addresses away.
func (c *Conn) DeleteAddress(address Address) error {
	return c.address(unix.RTM_DELADDR, change, address)
}

func (c *Conn) address(kind uint16, flags netlink.HeaderFlags, address Address) error {
	attributes := netlink.NewAttributeEncoder()
	attributes.Bytes(unix.IFA_LOCAL, address.Local.AsSlice())
	attributes.Bytes(unix.IFA_ADDRESS, address.Network.Addr().AsSlice())
	if kind == unix.RTM_NEWADDR && address.Network.Bits() < 31 {
		attributes.Bytes(unix.IFA_BROADCAST, broadcast(address.Network))
	}
	return c.tell(kind, flags, addressHeader(address.link, address.Network.Bits()), attributes)
}

// addressHeader is struct ifaddrmsg of linux/if_addr.h.
func addressHeader(link, bits int) []byte {
	header := make([]byte, unix.SizeofIfAddrmsg)
	header[0], header[1] = unix.AF_INET, byte(bits)
	binary.NativeEndian.PutUint32(header[4:], uint32(link))
	return header
}

// broadcast is the last address of a network; one of two addresses has none (RFC 3021).
func broadcast(network netip.Prefix) []byte {
	address := network.Addr().As4()
	last := binary.BigEndian.Uint32(address[:]) | uint32(1<<(32-network.Bits())-1)
	return binary.BigEndian.AppendUint32(nil, last)
}

// Addresses are those of all links.
func (c *Conn) Addresses() ([]Address, error) {
	answers, err := c.ask(unix.RTM_GETADDR, netlink.Dump, addressHeader(0, 0), netlink.NewAttributeEncoder())
	if err != nil {
		return nil, err
	}
	var addresses []Address
	err = each(answers, unix.RTM_NEWADDR, unix.SizeofIfAddrmsg, func(header []byte, has *netlink.AttributeDecoder) {
		found := Address{link: int(binary.NativeEndian.Uint32(header[4:]))}
		for has.Next() {
			address, ok := netip.AddrFromSlice(has.Bytes())
			switch {
			case !ok:
			case has.Type() == unix.IFA_LOCAL:
				found.Local = address
			case has.Type() == unix.IFA_ADDRESS:
				found.Network = netip.PrefixFrom(address, int(header[1]))
			}
		}
		addresses = append(addresses, found)
	})
	return addresses, err
}

// AddressesOf are those of one link.
func (c *Conn) AddressesOf(link Link) ([]Address, error) {
	all, err := c.Addresses()
	var own []Address
	for _, address := range all {
		if address.link == link.Index {
			own = append(own, address)
		}
	}
	return own, err
}
