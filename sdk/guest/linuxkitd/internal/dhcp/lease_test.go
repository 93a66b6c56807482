package dhcp

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

var hardware = net.HardwareAddr{2, 0, 0, 0, 0, 7}

// ack is an acknowledgement of 10.0.0.7/24 with more options, the later ones in place of the earlier.
func ack(t testing.TB, more ...dhcpv4.Option) *dhcpv4.DHCPv4 {
	t.Helper()
	message, err := dhcpv4.New(dhcpv4.WithHwAddr(hardware), dhcpv4.WithMessageType(dhcpv4.MessageTypeAck), dhcpv4.WithYourIP(net.IPv4(10, 0, 0, 7)))
	if err != nil {
		t.Fatal(err)
	}
	message.OpCode = dhcpv4.OpcodeBootReply
	for _, option := range append([]dhcpv4.Option{
		dhcpv4.OptSubnetMask(net.CIDRMask(24, 32)), dhcpv4.OptServerIdentifier(net.IPv4(10, 0, 0, 1)), dhcpv4.OptRouter(net.IPv4(10, 0, 0, 1)),
		dhcpv4.OptDNS(net.IPv4(10, 0, 0, 2)), dhcpv4.OptIPAddressLeaseTime(time.Hour),
	}, more...) {
		message.UpdateOption(option)
	}
	return message
}

// text is a lease in words.
func (l lease) text() string {
	var routes []string
	for _, one := range l.routes {
		routes = append(routes, fmt.Sprintf("%s via %s", one.to, orNone(one.via)))
	}
	return fmt.Sprintf("%s mtu %d [%s] %v %q from %s %v %v %v", l.address, l.mtu, strings.Join(routes, ", "), l.servers, l.domain, orNone(l.server), l.renewal, l.rebinding, l.end)
}

func cidr(text string) *net.IPNet {
	_, network, err := net.ParseCIDR(text)
	if err != nil {
		panic(err)
	}
	return network
}

func generic(code uint8, content ...byte) dhcpv4.Option {
	return dhcpv4.OptGeneric(dhcpv4.GenericOptionCode(code), content)
}

func TestLeaseOf(t *testing.T) {
	const plain = `10.0.0.7/24 mtu 0 [0.0.0.0/0 via 10.0.0.1] [10.0.0.2] "" from 10.0.0.1 30m0s 52m30s 1h0m0s`
	for _, row := range []struct {
		name   string
		more   []dhcpv4.Option
		wanted string
	}{
		{"a plain lease", nil, plain},
		{"a network with packets of its own size, as Google's", []dhcpv4.Option{generic(26, 5, 180), dhcpv4.OptSubnetMask(net.CIDRMask(32, 32))}, strings.Replace(plain, "/24 mtu 0", "/32 mtu 1460", 1)},
		{"packets that are too small for anything", []dhcpv4.Option{generic(26, 0, 68)}, plain},
		{"a size of packets that is no number", []dhcpv4.Option{generic(26, 5, 180, 0)}, plain},
		{"no mask", []dhcpv4.Option{generic(1)}, ""},
		{"several routers and name servers", []dhcpv4.Option{dhcpv4.OptRouter(net.IPv4(10, 0, 0, 3), net.IPv4(10, 0, 0, 4)), dhcpv4.OptDNS(net.IPv4(1, 1, 1, 1), net.IPv4(9, 9, 9, 9))},
			`10.0.0.7/24 mtu 0 [0.0.0.0/0 via 10.0.0.3] [1.1.1.1 9.9.9.9] "" from 10.0.0.1 30m0s 52m30s 1h0m0s`},
		{"routers and name servers that no host can be", []dhcpv4.Option{dhcpv4.OptRouter(net.IPv4zero, net.IPv4(10, 0, 0, 4)), dhcpv4.OptDNS(net.IPv4bcast, net.IPv4(224, 0, 0, 1), net.IPv4(127, 0, 0, 1))},
			`10.0.0.7/24 mtu 0 [0.0.0.0/0 via 10.0.0.4] [] "" from 10.0.0.1 30m0s 52m30s 1h0m0s`},
		{"classless routes, beside which routers do not count", []dhcpv4.Option{dhcpv4.OptClasslessStaticRoute(
			&dhcpv4.Route{Dest: cidr("0.0.0.0/0"), Router: net.IPv4(10, 0, 0, 9)}, &dhcpv4.Route{Dest: cidr("10.0.0.9/32"), Router: net.IPv4zero}, &dhcpv4.Route{Dest: cidr("168.63.129.16/32"), Router: net.IPv4(10, 0, 0, 1)})},
			`10.0.0.7/24 mtu 0 [10.0.0.9/32 via none, 0.0.0.0/0 via 10.0.0.9, 168.63.129.16/32 via 10.0.0.1] [10.0.0.2] "" from 10.0.0.1 30m0s 52m30s 1h0m0s`},
		{"name servers and routers in the network of the services", []dhcpv4.Option{dhcpv4.OptRouter(net.IPv4(198, 18, 0, 1), net.IPv4(10, 0, 0, 4)), dhcpv4.OptDNS(net.IPv4(198, 18, 255, 255), net.IPv4(198, 19, 0, 1))},
			`10.0.0.7/24 mtu 0 [0.0.0.0/0 via 10.0.0.4] [198.19.0.1] "" from 10.0.0.1 30m0s 52m30s 1h0m0s`},
		{"routes into the network of the services, and through it", []dhcpv4.Option{dhcpv4.OptClasslessStaticRoute(
			&dhcpv4.Route{Dest: cidr("198.18.0.1/32"), Router: net.IPv4(10, 0, 0, 9)}, &dhcpv4.Route{Dest: cidr("198.18.0.0/16"), Router: net.IPv4zero},
			&dhcpv4.Route{Dest: cidr("10.9.0.0/16"), Router: net.IPv4(198, 18, 0, 1)}, &dhcpv4.Route{Dest: cidr("198.18.0.0/15"), Router: net.IPv4(10, 0, 0, 1)}, &dhcpv4.Route{Dest: cidr("198.19.0.0/16"), Router: net.IPv4(10, 0, 0, 1)})},
			`10.0.0.7/24 mtu 0 [198.18.0.0/15 via 10.0.0.1, 198.19.0.0/16 via 10.0.0.1] [10.0.0.2] "" from 10.0.0.1 30m0s 52m30s 1h0m0s`},
		{"a server in the network of the services", []dhcpv4.Option{dhcpv4.OptServerIdentifier(net.IPv4(198, 18, 0, 1))}, strings.Replace(plain, "from 10.0.0.1", "from none", 1)},
		{"a domain", []dhcpv4.Option{dhcpv4.OptDomainName("c.project.internal google.internal")}, strings.Replace(plain, `""`, `"c.project.internal google.internal"`, 1)},
		{"a domain that would be a line of its own", []dhcpv4.Option{dhcpv4.OptDomainName("a\nnameserver 6.6.6.6")}, plain},
		{"a lease without end", []dhcpv4.Option{generic(51, 255, 255, 255, 255)}, ""},
		{"a lease of no time", []dhcpv4.Option{generic(51, 0, 0, 0, 0)}, strings.Replace(plain, "30m0s 52m30s 1h0m0s", "8s 14s 16s", 1)},
		{"times of the server's own", []dhcpv4.Option{generic(58, 0, 0, 0, 60), generic(59, 0, 0, 0, 120)}, strings.Replace(plain, "30m0s 52m30s", "1m0s 2m0s", 1)},
		{"times out of order", []dhcpv4.Option{generic(58, 0, 0, 255, 255), generic(59, 0, 1, 255, 255)}, plain},
	} {
		got, err := leaseOf(ack(t, row.more...))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		} else if row.wanted != "" && got.text() != row.wanted {
			t.Errorf("%s: got %s", row.name, got.text())
		}
		if !(0 < got.renewal && got.renewal <= got.rebinding && got.rebinding < got.end) {
			t.Errorf("%s: the times %v %v %v", row.name, got.renewal, got.rebinding, got.end)
		}
	}
}

func TestLeaseOfRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		address net.IP
		more    []dhcpv4.Option
	}{
		"no address":                    {net.IPv4zero, nil},
		"the address of all":            {net.IPv4bcast, nil},
		"an address of a group":         {net.IPv4(224, 0, 0, 1), nil},
		"an address of the host itself": {net.IPv4(127, 0, 0, 1), nil},
		"an address of a service":       {net.IPv4(198, 18, 3, 4), nil},
		"a mask with a hole":            {net.IPv4(10, 0, 0, 7), []dhcpv4.Option{generic(1, 255, 0, 255, 0)}},
		"a mask of nothing":             {net.IPv4(10, 0, 0, 7), []dhcpv4.Option{generic(1, 0, 0, 0, 0)}},
		"too many routes":               {net.IPv4(10, 0, 0, 7), []dhcpv4.Option{generic(121, slices.Repeat([]byte{8, 10, 10, 0, 0, 1}, routeLimit+1)...)}},
	} {
		message := ack(t, row.more...)
		message.YourIPAddr = row.address
		if got, err := leaseOf(message); err == nil {
			t.Errorf("%s: got %s, wanted a refusal", name, got.text())
		}
	}
}

func TestResolverWritesOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	given, err := leaseOf(ack(t, dhcpv4.OptDomainName("internal")))
	if err != nil {
		t.Fatal(err)
	}
	own, err := parse([]string{"eth0", "60", "once", "9.9.9.9", "2620:fe::9"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 500)), 0o644); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		resolver      *resolver
		content, said string
	}{
		{&resolver{path, nil}, "search internal\nnameserver 10.0.0.2\n", "10.0.0.2"},
		{&resolver{path, own.servers}, "search internal\nnameserver 9.9.9.9\nnameserver 2620:fe::9\n", "9.9.9.9 2620:fe::9"},
	} {
		said, err := row.resolver.write(given)
		content, readErr := os.ReadFile(path)
		if err != nil || readErr != nil || said != row.said || string(content) != row.content {
			t.Errorf("got %q, %q and %v", said, content, err)
		}
	}
	if said, err := (&resolver{path, nil}).write(lease{}); err != nil || said != "none" {
		t.Errorf("got %q and %v", said, err)
	}
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was replaced: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, words := range [][]string{nil, {"eth0"}, {"eth0", "60", "twice"}, {"eth0", "0", "once"}, {"eth0", "x", "once"}, {"eth0", "60", "once", "resolver"}, {"eth0", "60", "once", "fe80::1%eth0"}, {"eth0", "60", "once", "1.1.1.1\nsearch x"}} {
		if _, err := parse(words); err == nil {
			t.Errorf("%q: wanted a refusal", words)
		}
	}
}

// FuzzAnswer feeds the reader of answers any packets: what it takes is fit for the kernel and for resolv.conf.
func FuzzAnswer(f *testing.F) {
	for _, message := range []*dhcpv4.DHCPv4{ack(f), ack(f, dhcpv4.OptClasslessStaticRoute(&dhcpv4.Route{Dest: cidr("10.1.0.0/16"), Router: net.IPv4(10, 0, 0, 9)}), dhcpv4.OptDomainName("internal"), generic(26, 5, 180))} {
		f.Add(message.ToBytes())
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		e := &exchange{mac: hardware}
		if len(content) >= 8 {
			copy(e.id[:], content[4:8])
		}
		answer := e.answerOf(content, []dhcpv4.MessageType{dhcpv4.MessageTypeAck, dhcpv4.MessageTypeOffer})
		if answer == nil {
			return
		}
		given, err := leaseOf(answer)
		if err != nil {
			return
		}
		if !given.address.IsValid() || given.address.Bits() == 0 || len(given.routes) > routeLimit || (given.mtu != 0 && given.mtu < smallestMTU) {
			t.Fatalf("the lease %s", given.text())
		}
		if !(0 < given.renewal && given.renewal <= given.rebinding && given.rebinding < given.end) {
			t.Fatalf("the times of %s", given.text())
		}
		for _, one := range given.routes {
			if description.Services.Contains(one.via) || description.Services.Contains(one.to.Addr()) && one.to.Bits() >= 16 {
				t.Fatalf("the route %s via %s", one.to, one.via)
			}
			if !one.to.IsValid() || one.to != one.to.Masked() {
				t.Fatalf("the route %s", one.to)
			}
		}
		if strings.ContainsFunc(given.domain, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Fatalf("the domain %q", given.domain)
		}
	})
}
