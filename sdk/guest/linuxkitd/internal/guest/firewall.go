package guest

import (
	"fmt"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/firewall"
	"pulumi-linuxkit/linuxkitd/internal/network"
)

const resolverFile = "/etc/resolv.conf"

func (g *Guest) startFirewall() error {
	if g.machine.Firewall == nil {
		return nil
	}
	servers := network.NameServers(resolverFile)
	hosts, err := network.Hosts(servers)
	if err != nil {
		return fmt.Errorf("the machine's routers cannot be listed: %w", err)
	}
	err = firewall.Start(g.machine.Firewall, firewall.Outside{Servers: servers, Hosts: hosts})
	if err == nil {
		return nil
	}
	lacking := ""
	if len(g.refused) > 0 {
		lacking = "; the kernel refused " + strings.Join(g.refused, ", ")
	}
	return fmt.Errorf("the firewall cannot be set up: %w%s", err, lacking)
}

// boundConnections waits until services run: what it bounds takes them a while to fill.
func (g *Guest) boundConnections() {
	if g.machine.Firewall == nil {
		return
	}
	if err := firewall.Bound(g.machine.Firewall); err != nil {
		g.console.Show("the connections of the services are not bounded: " + err.Error())
	}
}
