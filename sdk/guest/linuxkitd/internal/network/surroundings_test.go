package network

import (
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
)

func TestRoutersAndNearNameServersAreTheHostsOfTheMachinesNetwork(t *testing.T) {
	_, own, _ := net.ParseCIDR("10.0.2.15/24")
	addresses := []netlink.Addr{{IPNet: &net.IPNet{IP: net.ParseIP("10.0.2.15"), Mask: own.Mask}}, {}}
	routes := []netlink.Route{
		{Gw: net.ParseIP("10.0.2.2")},
		{Gw: net.ParseIP("10.0.2.2").To4()},
		{Dst: own},
		{MultiPath: []*netlink.NexthopInfo{{Gw: net.ParseIP("10.0.9.1")}, {}}},
		{Gw: net.ParseIP("fe80::1")},
		{Gw: net.IPv4zero},
	}
	for servers, want := range map[string]string{
		"10.0.2.3": "[10.0.2.2 10.0.9.1 10.0.2.3]",
		"9.9.9.9":  "[10.0.2.2 10.0.9.1]",
		"10.0.2.2": "[10.0.2.2 10.0.9.1]",
	} {
		if got := fmt.Sprint(hosts(routes, addresses, []netip.Addr{netip.MustParseAddr(servers)})); got != want {
			t.Errorf("with the name server %s: got %s, wanted %s", servers, got, want)
		}
	}
}
