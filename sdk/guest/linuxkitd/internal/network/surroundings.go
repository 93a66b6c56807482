package network

import (
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Hosts are the machine's routers of IPv4, and those of its name servers that are on a network of its own.
func Hosts(servers []netip.Addr) ([]netip.Addr, error) {
	// a routing table of its own, such as one that a task has made, has routers too
	routes, err := netlink.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, err
	}
	addresses, err := netlink.AddrList(nil, unix.AF_INET)
	if err != nil {
		return nil, err
	}
	return hosts(routes, addresses, servers), nil
}

func hosts(routes []netlink.Route, addresses []netlink.Addr, servers []netip.Addr) []netip.Addr {
	var found []netip.Addr
	add := func(host netip.Addr) {
		if host.Is4() && !host.IsUnspecified() && !slices.Contains(found, host) {
			found = append(found, host)
		}
	}
	for _, route := range routes {
		if router, ok := netip.AddrFromSlice(route.Gw); ok {
			add(router.Unmap())
		}
		for _, hop := range route.MultiPath {
			if router, ok := netip.AddrFromSlice(hop.Gw); ok {
				add(router.Unmap())
			}
		}
	}
	for _, server := range servers {
		if slices.ContainsFunc(addresses, func(own netlink.Addr) bool { return own.IPNet != nil && own.Contains(server.AsSlice()) }) {
			add(server)
		}
	}
	return found
}
