package network

import (
	"fmt"
	"net/netip"
	"testing"

	"pulumi-linuxkit/linuxkitd/internal/rtnetlink"
)

func TestRoutersAndNearNameServersAreTheHostsOfTheMachinesNetwork(t *testing.T) {
	addresses := []rtnetlink.Address{{Local: netip.MustParseAddr("10.0.2.15"), Network: netip.MustParsePrefix("10.0.2.15/24")}, {}}
	var routers []netip.Addr
	for _, router := range []string{"10.0.2.2", "10.0.2.2", "10.0.9.1", "fe80::1", "0.0.0.0"} {
		routers = append(routers, netip.MustParseAddr(router))
	}
	for servers, want := range map[string]string{
		"10.0.2.3": "[10.0.2.2 10.0.9.1 10.0.2.3]",
		"9.9.9.9":  "[10.0.2.2 10.0.9.1]",
		"10.0.2.2": "[10.0.2.2 10.0.9.1]",
	} {
		if got := fmt.Sprint(hosts(routers, addresses, []netip.Addr{netip.MustParseAddr(servers)})); got != want {
			t.Errorf("with the name server %s: got %s, wanted %s", servers, got, want)
		}
	}
}
