package firewall

import (
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"runtime"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// closed is a table like the one that the build writes.
var closed = []description.Closed{{To: "169.254.0.0/16"}, {To: "198.18.0.0/16"}, {To: "168.63.129.16/32", Protocol: "tcp", Ports: []int{80, 32526}}}

func link(index int) description.Network {
	addresses := [][2]string{{"198.18.0.0", "198.18.0.1"}, {"198.18.0.2", "198.18.0.3"}}
	return description.Network{Link: []string{"lk0", "lk1"}[index], Gateway: addresses[index][0], Address: addresses[index][1]}
}

// listed is what nft(8) reads out of the kernel after Apply, in a network namespace of the test's own.
func listed(t *testing.T, firewall *description.Firewall, outside Outside, router bool) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root makes a network namespace")
	}
	nft, err := exec.LookPath("nft")
	if err != nil {
		t.Skip("nft, the judge, is not installed")
	}
	// the thread, and its namespace, end with the goroutine
	done := make(chan string)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Error(err)
			return
		}
		if err := Apply(firewall, outside, router); err != nil {
			t.Error(err)
			return
		}
		out, err := exec.Command(nft, "list", "ruleset").CombinedOutput()
		if err != nil {
			t.Error(string(out))
		}
		done <- string(out)
	}()
	return <-done
}

func rulesOf(list, chain string) []string {
	found := regexp.MustCompile(`(?s)\tchain ` + regexp.QuoteMeta(chain) + ` \{\n(.*?)\n\t\}`).FindStringSubmatch(list)
	if found == nil {
		return nil
	}
	var rules []string
	for line := range strings.SplitSeq(found[1], "\n") {
		rules = append(rules, strings.TrimSpace(line))
	}
	return rules
}

func TestTheKernelHasTheRules(t *testing.T) {
	first, second := link(0), link(1)
	first.Publish = []description.Publish{{Outside: 80, Inside: 8080, Protocol: "tcp"}, {Outside: 53, Inside: 53, Protocol: "udp"}}
	second.Egress = []description.Egress{
		{To: "dns"}, {To: "any", Port: 443}, {To: "any", Protocol: "udp"}, {To: "10.0.0.0/8", Protocol: "udp"}, {To: "168.0.0.0/8", Port: 80},
		{To: "169.254.169.254", Port: 80, Protocol: "tcp"}, {To: "10.0.2.2", Port: 8080}, {To: "198.18.0.1", Port: 8080}, {To: "168.63.129.16", Port: 80},
	}
	list := listed(t, &description.Firewall{Closed: closed, Networks: []description.Network{first, second}}, Outside{
		Servers: []netip.Addr{netip.MustParseAddr("10.0.2.3"), netip.MustParseAddr("9.9.9.9")},
		Hosts:   []netip.Addr{netip.MustParseAddr("10.0.2.2"), netip.MustParseAddr("10.0.2.3")},
	}, false)
	const prohibited = "reject with icmp admin-prohibited"
	for chain, want := range map[string][]string{
		"from-lk0": {"ip saddr != 198.18.0.1 drop", prohibited},
		"from-lk1": {
			"ip saddr != 198.18.0.3 drop",
			`ip daddr 10.0.2.3 tcp dport 53 oifname != "lk*" accept`,
			`ip daddr 10.0.2.3 udp dport 53 oifname != "lk*" accept`,
			`ip daddr 9.9.9.9 tcp dport 53 oifname != "lk*" accept`,
			`ip daddr 9.9.9.9 udp dport 53 oifname != "lk*" accept`,
			// "any" over udp, then 10.0.0.0/8 over udp
			`ip daddr 10.0.2.3 udp dport 53 oifname != "lk*" accept`,
			`ip daddr 10.0.2.3 udp dport 53 oifname != "lk*" accept`,
			`ip daddr 169.254.169.254 tcp dport 80 oifname != "lk*" accept`,
			`ip daddr 10.0.2.2 tcp dport 8080 oifname != "lk*" accept`,
			`ip daddr 198.18.0.1 tcp dport 8080 oifname "lk0" accept`,
			`ip daddr 168.63.129.16 tcp dport 80 oifname != "lk*" accept`,
			"ip daddr 169.254.0.0/16 " + prohibited,
			"ip daddr 198.18.0.0/16 " + prohibited,
			"ip daddr 168.63.129.16 tcp dport 80 " + prohibited,
			"ip daddr 168.63.129.16 tcp dport 32526 " + prohibited,
			"ip daddr 10.0.2.2 " + prohibited,
			"ip daddr 10.0.2.3 " + prohibited,
			`tcp dport 443 oifname != "lk*" accept`,
			`meta l4proto udp oifname != "lk*" accept`,
			`ip daddr 10.0.0.0/8 meta l4proto udp oifname != "lk*" accept`,
			`ip daddr 168.0.0.0/8 tcp dport 80 oifname != "lk*" accept`,
			prohibited,
		},
		"input": {
			"type filter hook input priority filter; policy accept;",
			`iifname "lk*" ct state established,related accept`,
			`iifname "lk*" ` + prohibited,
		},
		"forward": {
			"type filter hook forward priority filter; policy accept;",
			`iifname != "lk*" oifname != "lk*" drop`,
			"ct state established,related accept",
			`iifname "lk0" goto from-lk0`,
			`iifname "lk1" goto from-lk1`,
			`oifname "lk*" ct status dnat accept`,
			"drop",
		},
		"prerouting": {
			"type nat hook prerouting priority dstnat; policy accept;",
			`iifname != "lk*" tcp dport 80 dnat to 198.18.0.1:8080`,
			`iifname != "lk*" udp dport 53 dnat to 198.18.0.1:53`,
		},
		"postrouting": {
			"type nat hook postrouting priority srcnat; policy accept;",
			`ip saddr 198.18.0.0/16 oifname != "lk*" masquerade`,
		},
	} {
		if got := rulesOf(list, chain); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: got\n%s\nwanted\n%s", chain, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	six := list[strings.Index(list, "table ip6"):]
	for chain, want := range map[string]int{"forward": 3, "input": 2} {
		if got := rulesOf(six, chain); len(got) != want {
			t.Errorf("IPv6 %s: got %q", chain, got)
		}
	}
}

func TestAddressesAreTranslatedOnlyWhereThatIsNeeded(t *testing.T) {
	for name, row := range map[string]struct {
		egress  []description.Egress
		publish []description.Publish
		want    map[string]bool
	}{
		"a service reaches another": {egress: []description.Egress{{To: "198.18.0.3"}}},
		"a port is published":       {publish: []description.Publish{{Outside: 80, Inside: 80, Protocol: "tcp"}}, want: map[string]bool{"prerouting": true}},
		"a service leaves":          {egress: []description.Egress{{To: "10.0.0.1"}}, want: map[string]bool{"postrouting": true}},
	} {
		first := link(0)
		first.Egress, first.Publish = row.egress, row.publish
		got := map[string]bool{}
		for _, chain := range chains(&description.Firewall{Closed: closed, Networks: []description.Network{first, link(1)}}, Outside{}, true) {
			got[chain.name] = true
		}
		for _, chain := range []string{"prerouting", "postrouting"} {
			if got[chain] != row.want[chain] {
				t.Errorf("%s: chain %s: got %v", name, chain, got[chain])
			}
		}
	}
}
