package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/rtnetlink"
)

// link is an interface of the machine.
type link struct{ rtnetlink.Link }

func (l link) name() string          { return l.Name }
func (l link) mac() net.HardwareAddr { return l.MAC }

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
	on := &net.Interface{Index: l.Index, MTU: l.MTU, Name: l.Name, HardwareAddr: l.MAC}
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
	connection, err := rtnetlink.Dial(nil)
	if err != nil {
		return err
	}
	defer connection.Close()
	// such as Google's networks, whose packets are smaller than Ethernet's
	if given.mtu > 0 && given.mtu != l.MTU {
		if err := connection.SetMTU(l.Link, given.mtu); err != nil {
			fmt.Fprintf(os.Stderr, "dhcp: %s does not take the size of packets %d\n", l.name(), given.mtu)
		}
	}
	has, err := connection.AddressesOf(l.Link)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(has, func(own rtnetlink.Address) bool { return own.Local == given.address.Addr() }) {
		if err := flush(connection, has); err != nil {
			return err
		}
	}
	if err := connection.ReplaceAddress(l.Link, given.address); err != nil {
		return fmt.Errorf("the address %s: %w", given.address, err)
	}
	for _, one := range given.routes {
		// on-link: the router may be outside the address's own network, as Google's is
		way := rtnetlink.Route{To: one.to, Via: one.via, OnLink: one.via.IsValid(), Link: l.Link}
		if err := connection.ReplaceRoute(way); err != nil {
			return fmt.Errorf("the route to %s: %w", one.to, err)
		}
	}
	return nil
}

func (l link) flush() error {
	connection, err := rtnetlink.Dial(nil)
	if err != nil {
		return err
	}
	defer connection.Close()
	has, err := connection.AddressesOf(l.Link)
	if err != nil {
		return err
	}
	return flush(connection, has)
}

func flush(connection *rtnetlink.Conn, addresses []rtnetlink.Address) error {
	for _, address := range addresses {
		// the first one takes others of its network along
		if err := connection.DeleteAddress(address); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return err
		}
	}
	return nil
}
