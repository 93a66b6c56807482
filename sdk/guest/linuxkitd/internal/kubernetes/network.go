package kubernetes

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/rtnetlink"
)

// addressOf finds a machine's own address among the lines of hosts(5) of its network.
func addressOf(name string, hosts []byte) (netip.Addr, error) {
	for line := range bytes.Lines(hosts) {
		fields := bytes.Fields(line)
		if len(fields) < 2 || string(fields[1]) != name {
			continue
		}
		if address, err := netip.ParseAddr(string(fields[0])); err == nil && address.Is4() {
			return address, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("%s has no address in /run/config/hosts: give the machine a network and a host name", name)
}

// podsOf are the addresses of a node's pods. Their third part is the last of the node's own, so that no list says which node has
// which.
func podsOf(pods netip.Prefix, node netip.Addr) netip.Prefix {
	bytes := pods.Addr().As4()
	bytes[2] = node.As4()[3]
	return netip.PrefixFrom(netip.AddrFrom4(bytes), 24)
}

// prepareNetwork lets this node answer for its pods by ARP and find those of others the same way, so that no node has a list of
// the others.
func prepareNetwork(pods netip.Prefix, address netip.Addr) error {
	conn, err := rtnetlink.Dial(nil)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	link, err := linkWith(conn, address)
	if err != nil {
		return err
	}
	if err := write(parametersOf(link.Name)); err != nil {
		return err
	}
	if err := conn.ReplaceRoute(rtnetlink.Route{To: pods, Link: link, From: address}); err != nil {
		return fmt.Errorf("route to %s: %w", pods, err)
	}
	if said, err := exec.Command("nft", "-f", rules).CombinedOutput(); err != nil {
		return fmt.Errorf("nft -f %s: %w: %s", rules, err, bytes.TrimSpace(said))
	}
	return nil
}

func linkWith(conn *rtnetlink.Conn, address netip.Addr) (rtnetlink.Link, error) {
	links, err := conn.Links()
	if err != nil {
		return rtnetlink.Link{}, err
	}
	for _, link := range links {
		addresses, err := conn.AddressesOf(link)
		if err != nil {
			return rtnetlink.Link{}, err
		}
		for _, own := range addresses {
			if own.Local == address {
				return link, nil
			}
		}
	}
	return rtnetlink.Link{}, fmt.Errorf("no network card has the address %s", address)
}

type parameter struct{ path, value string }

// parametersOf are those of the kernel for a network card whose node has pods: it answers for them at once (arp(7), proxy_delay).
func parametersOf(link string) []parameter {
	return []parameter{
		{"/proc/sys/net/ipv4/ip_forward", "1"},
		{"/proc/sys/net/bridge/bridge-nf-call-iptables", "1"},
		{"/proc/sys/net/ipv4/conf/" + link + "/proxy_arp", "1"},
		{"/proc/sys/net/ipv4/neigh/" + link + "/proxy_delay", "0"},
	}
}

func write(parameters []parameter) error {
	for _, one := range parameters {
		if err := os.WriteFile(one.path, []byte(one.value), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeNetwork writes the settings of the plugins by which pods get their addresses.
func writeNetwork(from, to string, pods netip.Prefix) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, []byte(strings.ReplaceAll(string(text), "SUBNET", pods.String())), 0o644)
}
