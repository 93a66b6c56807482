// Package firewall is that of services that have networks of their own: nothing gets in but to a published port, nothing
// out but to what the service names. The machine itself is out of reach, and so is IPv6. What does not concern such a
// network passes.
package firewall

import (
	"net/netip"
	"slices"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// Outside is what the machine knows of the network that it is in.
type Outside struct {
	// Servers are the machine's name servers.
	Servers []netip.Addr
	// Hosts are its routers, and the name servers that are on its own network: closed but for port 53 of a server. What a
	// service wants of a router it names. QEMU's user network leads connections to its router to the loopback interface of
	// the host, and those to its name server to whatever the host has as its own (QEMU: system/devices/net, user mode;
	// libslirp: sotranslate_out).
	Hosts []netip.Addr
}

// chain is a list of rules; one with a hook begins there.
type chain struct {
	name  string
	hook  string
	rules []words
}

// chains are those of IPv4, each before those that go to it.
func chains(firewall *description.Firewall, outside Outside, router bool) []chain {
	var all4 []chain
	for _, network := range firewall.Networks {
		all4 = append(all4, chain{name: "from-" + network.Link, rules: serviceRules(network, firewall, outside)})
	}
	all4 = append(all4, chain{name: "forward", hook: "forward", rules: forwardRules(firewall.Networks, router)}, chain{name: "input", hook: "input", rules: []words{
		all(fromLinks(), established(), accept()),
		all(fromLinks(), reject()),
	}})
	// a chain that translates takes modules of the kernel, so it is there only where it has something to translate
	if rules := publishRules(firewall.Networks); len(rules) > 0 {
		all4 = append(all4, chain{name: "prerouting", hook: "prerouting", rules: rules})
	}
	if leaves(firewall.Networks) {
		all4 = append(all4, chain{name: "postrouting", hook: "postrouting", rules: []words{all(sourceIn(description.Services), toOthers(), masquerade())}})
	}
	return all4
}

// chains6 are those of IPv6.
func chains6() []chain {
	return []chain{
		{name: "forward", hook: "forward", rules: []words{all(fromLinks(), drop()), all(toLinks(), drop())}},
		{name: "input", hook: "input", rules: []words{all(fromLinks(), drop())}},
	}
}

// forwardRules: the machine forwards for its services and is no router beside that, unless it was made one before.
func forwardRules(networks []description.Network, router bool) []words {
	others := drop()
	if router {
		others = accept()
	}
	rules := []words{all(fromOthers(), toOthers(), others), all(established(), accept())}
	for _, network := range networks {
		rules = append(rules, all(fromLink(network.Link), goTo("from-"+network.Link)))
	}
	return append(rules, all(toLinks(), translated(), accept()), drop())
}

func publishRules(networks []description.Network) []words {
	var rules []words
	for _, network := range networks {
		address := netip.MustParseAddr(network.Address)
		for _, published := range network.Publish {
			rules = append(rules, all(fromOthers(), port(published.Protocol, published.Outside), translateTo(address, published.Inside)))
		}
	}
	return rules
}

// leaves is whether a service reaches anything but other services.
func leaves(networks []description.Network) bool {
	services := map[string]bool{}
	for _, network := range networks {
		services[network.Address] = true
	}
	for _, network := range networks {
		for _, egress := range network.Egress {
			if !services[egress.To] {
				return true
			}
		}
	}
	return false
}

// serviceRules: what is named comes before what is closed, and that before what is wide. A service's address is reached
// over its link only, and what is no service's over none: a route that says otherwise leads nowhere.
func serviceRules(network description.Network, firewall *description.Firewall, outside Outside) []words {
	closed := slices.Clone(firewall.Closed)
	for _, host := range outside.Hosts {
		closed = append(closed, description.Closed{To: netip.PrefixFrom(host, 32).String()})
	}
	rules := []words{all(sourceIsNot(netip.MustParseAddr(network.Address)), drop())}
	var wide []words
	for _, egress := range network.Egress {
		if egress.To == "dns" {
			for _, server := range outside.Servers {
				rules = append(rules, queries(server, "")...)
			}
			continue
		}
		to := destination(egress.To)
		rule := all(destinationIn(to), transport(egress.Protocol, egress.Port), toward(egress.To, firewall.Networks), accept())
		if covers(to, closed) {
			for _, server := range outside.Servers {
				if to.Contains(server) && slices.Contains(outside.Hosts, server) && (egress.Port == 0 || egress.Port == 53) {
					rules = append(rules, queries(server, egress.Protocol)...)
				}
			}
			wide = append(wide, rule)
		} else {
			rules = append(rules, rule)
		}
	}
	if len(wide) > 0 {
		rules = append(rules, closedRules(closed)...)
		rules = append(rules, wide...)
	}
	return append(rules, reject())
}

// queries let DNS through to a name server, over one protocol or both.
func queries(server netip.Addr, wanted string) []words {
	var rules []words
	for _, name := range []string{"tcp", "udp"} {
		if wanted == "" || wanted == name {
			rules = append(rules, all(destinationIn(netip.PrefixFrom(server, 32)), port(name, 53), toOthers(), accept()))
		}
	}
	return rules
}

// toward is the link that leads to a service, or any that leads to none.
func toward(to string, networks []description.Network) words {
	for _, network := range networks {
		if network.Address == to {
			return toLink(network.Link)
		}
	}
	return toOthers()
}

func closedRules(closed []description.Closed) []words {
	var rules []words
	for _, entry := range closed {
		to := netip.MustParsePrefix(entry.To)
		if len(entry.Ports) == 0 {
			rules = append(rules, all(destinationIn(to), transport(entry.Protocol, 0), reject()))
		}
		for _, number := range entry.Ports {
			rules = append(rules, all(destinationIn(to), transport(entry.Protocol, number), reject()))
		}
	}
	return rules
}

func transport(name string, number int) words {
	switch {
	case number != 0 && name == "":
		return port("tcp", number)
	case number != 0:
		return port(name, number)
	case name != "":
		return protocol(name)
	}
	return nil
}

// destination is a network; "any" is all of IPv4.
func destination(to string) netip.Prefix {
	if to == "any" {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	if network, err := netip.ParsePrefix(to); err == nil {
		return network.Masked()
	}
	return netip.PrefixFrom(netip.MustParseAddr(to), 32)
}

// covers is whether a network holds more than one that is closed, and that one too: what is closed is reached only by its
// own name.
func covers(to netip.Prefix, closed []description.Closed) bool {
	for _, entry := range closed {
		if network := netip.MustParsePrefix(entry.To).Masked(); to.Bits() < network.Bits() && to.Contains(network.Addr()) {
			return true
		}
	}
	return false
}
