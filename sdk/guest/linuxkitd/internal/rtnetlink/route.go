package rtnetlink

import (
	"encoding/binary"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Route is a way of the main table.
type Route struct {
	// To is the network that it leads to.
	To netip.Prefix
	// Via is the router; without one the network is on the link.
	Via netip.Addr
	// OnLink is whether the router is on the link though no address says so.
	OnLink bool
	Link   Link
	// From is the address that packets have as their source; without one the kernel chooses.
	From netip.Addr
}

// everywhere is where a route without a network leads.
var everywhere = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// AddDefault makes the route to everywhere.
func (c *Conn) AddDefault(link Link, via netip.Addr) error {
	return c.route(add, Route{To: everywhere, Via: via, Link: link})
}

// ReplaceRoute makes a route, or takes the place of the one to the same network.
func (c *Conn) ReplaceRoute(route Route) error { return c.route(replace, route) }

func (c *Conn) route(flags netlink.HeaderFlags, route Route) error {
	header := routeHeader()
	header[1], header[4], header[5], header[7] = byte(route.To.Bits()), unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, unix.RTN_UNICAST
	if !route.Via.IsValid() {
		header[6] = unix.RT_SCOPE_LINK
	}
	if route.OnLink {
		binary.NativeEndian.PutUint32(header[8:], unix.RTNH_F_ONLINK)
	}
	attributes := netlink.NewAttributeEncoder()
	if route.To.Bits() > 0 {
		attributes.Bytes(unix.RTA_DST, route.To.Addr().AsSlice())
	}
	if route.Via.IsValid() {
		attributes.Bytes(unix.RTA_GATEWAY, route.Via.AsSlice())
	}
	if route.From.IsValid() {
		attributes.Bytes(unix.RTA_PREFSRC, route.From.AsSlice())
	}
	attributes.Uint32(unix.RTA_OIF, uint32(route.Link.Index))
	return c.tell(unix.RTM_NEWROUTE, flags, header, attributes)
}

// routeHeader is struct rtmsg of linux/rtnetlink.h, of IPv4.
func routeHeader() []byte {
	header := make([]byte, unix.SizeofRtMsg)
	header[0] = unix.AF_INET
	return header
}

// Routers are those of the routes of IPv4 in all tables, each as often as a route has it.
func (c *Conn) Routers() ([]netip.Addr, error) {
	answers, err := c.ask(unix.RTM_GETROUTE, netlink.Dump, routeHeader(), netlink.NewAttributeEncoder())
	if err != nil {
		return nil, err
	}
	var routers []netip.Addr
	err = each(answers, unix.RTM_NEWROUTE, unix.SizeofRtMsg, func(_ []byte, has *netlink.AttributeDecoder) {
		for has.Next() {
			switch has.Type() {
			case unix.RTA_GATEWAY:
				routers = appendRouter(routers, has.Bytes())
			case unix.RTA_MULTIPATH:
				has.Do(func(hops []byte) (err error) {
					routers, err = hopsOf(routers, hops)
					return err
				})
			}
		}
	})
	return routers, err
}

func appendRouter(routers []netip.Addr, bytes []byte) []netip.Addr {
	if router, ok := netip.AddrFromSlice(bytes); ok {
		return append(routers, router.Unmap())
	}
	return routers
}

// hopsOf reads the ways of a route that has several: struct rtnexthop of linux/rtnetlink.h, each with attributes of its own.
func hopsOf(routers []netip.Addr, hops []byte) ([]netip.Addr, error) {
	for len(hops) >= unix.SizeofRtNexthop {
		length := int(binary.NativeEndian.Uint16(hops))
		if length < unix.SizeofRtNexthop || length > len(hops) {
			break
		}
		has, err := netlink.NewAttributeDecoder(hops[unix.SizeofRtNexthop:length])
		if err != nil {
			return routers, err
		}
		for has.Next() {
			if has.Type() == unix.RTA_GATEWAY {
				routers = appendRouter(routers, has.Bytes())
			}
		}
		// the next one begins at a multiple of RTNH_ALIGNTO
		hops = hops[min(len(hops), (length+3)&^3):]
	}
	return routers, nil
}
