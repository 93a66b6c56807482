package network

import (
	"net/netip"
	"slices"

	"pulumi-linuxkit/linuxkitd/internal/rtnetlink"
)

// Hosts are the machine's routers of IPv4, and those of its name servers that are on a network of its own.
func Hosts(servers []netip.Addr) ([]netip.Addr, error) {
	connection, err := rtnetlink.Dial(nil)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	// a routing table of its own, such as one that a task has made, has routers too
	routers, err := connection.Routers()
	if err != nil {
		return nil, err
	}
	addresses, err := connection.Addresses()
	if err != nil {
		return nil, err
	}
	return hosts(routers, addresses, servers), nil
}

func hosts(routers []netip.Addr, addresses []rtnetlink.Address, servers []netip.Addr) []netip.Addr {
	var found []netip.Addr
	add := func(host netip.Addr) {
		if host.Is4() && !host.IsUnspecified() && !slices.Contains(found, host) {
			found = append(found, host)
		}
	}
	for _, router := range routers {
		add(router)
	}
	for _, server := range servers {
		if slices.ContainsFunc(addresses, func(own rtnetlink.Address) bool { return own.Network.Contains(server) }) {
			add(server)
		}
	}
	return found
}
