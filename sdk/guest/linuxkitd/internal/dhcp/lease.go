package dhcp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// route is where packets for a network go; via is the zero address for what is on the link itself.
type route struct {
	to  netip.Prefix
	via netip.Addr
}

// lease is what a server gave: nothing in it is taken as it came.
type lease struct {
	address netip.Prefix
	// mtu is the size of packets, 0 where the server says nothing usable.
	mtu     int
	routes  []route
	servers []netip.Addr
	domain  string
	// server is who gave the lease.
	server netip.Addr
	// renewal, rebinding and end are counted from when the lease was asked for.
	renewal, rebinding, end time.Duration
}

const (
	// smallestMTU is what every IPv4 host takes (RFC 791); below it nothing of IP need work.
	smallestMTU = 576
	routeLimit  = 64
	// a server that names no time, or a senseless one
	defaultTime, shortestTime = time.Hour, 16 * time.Second
)

// leaseOf reads the answer that acknowledges a lease. Source: RFC 2131 and 2132, RFC 3442 for routes.
func leaseOf(ack *dhcpv4.DHCPv4) (lease, error) {
	own, ok := unicast(ack.YourIPAddr)
	if !ok {
		return lease{}, fmt.Errorf("the server gave %v, which is no host's address", ack.YourIPAddr)
	}
	if description.Services.Contains(own) {
		return lease{}, fmt.Errorf("the server gave %s, which is in the network of this machine's services, %s", own, description.Services)
	}
	bits := 24
	if mask := ack.SubnetMask(); mask != nil {
		ones, size := mask.Size()
		if size != 32 || ones == 0 {
			return lease{}, errors.New("the server gave no network's mask")
		}
		bits = ones
	}
	given := lease{address: netip.PrefixFrom(own, bits), domain: domainOf(ack)}
	if mtu, err := dhcpv4.GetUint16(dhcpv4.OptionInterfaceMTU, ack.Options); err == nil && mtu >= smallestMTU {
		given.mtu = int(mtu)
	}
	given.server, _ = foreign(ack.ServerIdentifier())
	for _, server := range ack.DNS() {
		if address, ok := foreign(server); ok {
			given.servers = append(given.servers, address)
		}
	}
	var err error
	if given.routes, err = routesOf(ack); err != nil {
		return lease{}, err
	}
	given.setTimes(ack)
	return given, nil
}

// routesOf are the classless routes, beside which the routers do not count, or else the first router's.
func routesOf(ack *dhcpv4.DHCPv4) ([]route, error) {
	classless := ack.ClasslessStaticRoute()
	if len(classless) > routeLimit {
		return nil, fmt.Errorf("the server gave more than %d routes", routeLimit)
	}
	var routes []route
	for _, one := range classless {
		network, ok := netip.AddrFromSlice(one.Dest.IP.To4())
		bits, _ := one.Dest.Mask.Size()
		if !ok {
			return nil, errors.New("the server gave a route to no network")
		}
		to := netip.PrefixFrom(network, bits).Masked()
		if to.Bits() >= description.Services.Bits() && to.Overlaps(description.Services) {
			// it would lead what is for a service out of the machine
			continue
		}
		if one.Router.IsUnspecified() {
			// first, for another route may lead through it
			routes = append([]route{{to: to}}, routes...)
		} else if via, ok := foreign(one.Router); ok {
			routes = append(routes, route{to, via})
		}
	}
	if len(routes) > 0 {
		return routes, nil
	}
	for _, router := range ack.Router() {
		if via, ok := foreign(router); ok {
			return []route{{netip.PrefixFrom(netip.IPv4Unspecified(), 0), via}}, nil
		}
	}
	return nil, nil
}

// setTimes takes the server's times where they are in order, or else RFC 2131's parts of the lease.
func (l *lease) setTimes(ack *dhcpv4.DHCPv4) {
	l.end = max(ack.IPAddressLeaseTime(defaultTime), shortestTime)
	l.renewal = ack.IPAddressRenewalTime(0)
	l.rebinding = ack.IPAddressRebindingTime(0)
	if l.rebinding < shortestTime/2 || l.rebinding >= l.end {
		l.rebinding = l.end / 8 * 7
	}
	if l.renewal < shortestTime/4 || l.renewal >= l.rebinding {
		l.renewal = min(l.end/2, l.rebinding)
	}
}

// gateway is the router of the default route, or the zero address.
func (l lease) gateway() netip.Addr {
	for _, one := range l.routes {
		if one.to.Bits() == 0 {
			return one.via
		}
	}
	return netip.Addr{}
}

// unicast is an address that one host can have.
func unicast(ip net.IP) (netip.Addr, bool) {
	address, ok := netip.AddrFromSlice(ip.To4())
	if !ok || address.IsUnspecified() || address.IsMulticast() || address.IsLoopback() || address == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.Addr{}, false
	}
	return address, true
}

// foreign is an address that one host can have which is no service of this machine: a server does not say how these are
// reached, nor does it name one of them.
func foreign(ip net.IP) (netip.Addr, bool) {
	address, ok := unicast(ip)
	if !ok || description.Services.Contains(address) {
		return netip.Addr{}, false
	}
	return address, true
}

// domainOf is the domain in which names are looked up. It becomes a line of resolv.conf: other letters are not taken.
func domainOf(ack *dhcpv4.DHCPv4) string {
	domain := strings.TrimRight(ack.DomainName(), "\x00")
	if len(domain) > 253 || strings.ContainsFunc(domain, func(c rune) bool {
		return !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.ContainsRune(".-_ ", c))
	}) {
		return ""
	}
	return strings.TrimSpace(domain)
}
