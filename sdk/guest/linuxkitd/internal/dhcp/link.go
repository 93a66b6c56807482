package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// link is an interface of the machine.
type link struct{ netlink.Link }

func (l link) name() string          { return l.Attrs().Name }
func (l link) mac() net.HardwareAddr { return l.Attrs().HardwareAddr }

// answersOnly lets UDP packets for the client's port through, of which no fragment: the socket sees the packet
// from its IP header on. Without it every packet of a busy machine would fill the socket's buffer.
var answersOnly = []bpf.Instruction{
	bpf.LoadAbsolute{Off: 9, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_UDP, SkipTrue: 6},
	bpf.LoadAbsolute{Off: 6, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x1fff, SkipTrue: 4},
	bpf.LoadMemShift{Off: 0},
	bpf.LoadIndirect{Off: 2, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: clientPort, SkipTrue: 1},
	bpf.RetConstant{Val: 0x40000},
	bpf.RetConstant{Val: 0},
}

func (l link) listen() (net.PacketConn, error) {
	filter, err := bpf.Assemble(answersOnly)
	if err != nil {
		return nil, err
	}
	attributes := l.Attrs()
	on := &net.Interface{Index: attributes.Index, MTU: attributes.MTU, Name: attributes.Name, HardwareAddr: attributes.HardwareAddr}
	raw, err := packet.Listen(on, packet.Datagram, unix.ETH_P_IP, &packet.Config{Filter: filter})
	if err != nil {
		return nil, err
	}
	return nclient4.NewBroadcastUDPConn(raw, &net.UDPAddr{Port: clientPort}), nil
}

func (l link) connect(from netip.Addr) (net.PacketConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var bound error
		err := raw.Control(func(fd uintptr) { bound = unix.BindToDevice(int(fd), l.name()) })
		return errors.Join(err, bound)
	}}
	return config.ListenPacket(context.Background(), "udp4", netip.AddrPortFrom(from, clientPort).String())
}

func (l link) take(given lease) error {
	// such as Google's networks, whose packets are smaller than Ethernet's
	if given.mtu > 0 && given.mtu != l.Attrs().MTU {
		if err := netlink.LinkSetMTU(l, given.mtu); err != nil {
			fmt.Fprintf(os.Stderr, "dhcp: %s does not take the size of packets %d\n", l.name(), given.mtu)
		}
	}
	has, err := netlink.AddrList(l, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	isThere := false
	for _, address := range has {
		isThere = isThere || address.IP.Equal(given.address.Addr().AsSlice())
	}
	if !isThere {
		if err := l.flush(); err != nil {
			return err
		}
	}
	if err := netlink.AddrReplace(l, &netlink.Addr{IPNet: prefixOf(given.address)}); err != nil {
		return fmt.Errorf("the address %s: %w", given.address, err)
	}
	for _, one := range given.routes {
		way := &netlink.Route{LinkIndex: l.Attrs().Index, Dst: prefixOf(one.to), Scope: netlink.SCOPE_LINK}
		if one.via.IsValid() {
			// on-link: the router may be outside the address's own network, as Google's is
			way.Gw, way.Scope = one.via.AsSlice(), netlink.SCOPE_UNIVERSE
			way.SetFlag(netlink.FLAG_ONLINK)
		}
		if err := netlink.RouteReplace(way); err != nil {
			return fmt.Errorf("the route to %s: %w", one.to, err)
		}
	}
	return nil
}

func (l link) flush() error {
	has, err := netlink.AddrList(l, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, address := range has {
		// the first one takes others of its network along
		if err := netlink.AddrDel(l, &address); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return err
		}
	}
	return nil
}

func prefixOf(prefix netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), 32)}
}
