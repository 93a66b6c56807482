package firewall

import (
	"os"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// The table of connections is of the whole machine: once it is full of connections that live, the kernel drops every new
// one (Linux: networking/nf_conntrack-sysctl, nf_conntrack_max). So each service has a share for those that it opens, and
// one for those that come to its published ports. Connections that have ended do not count (nf_conncount, already_closed).

// leastShare is more than a small machine's services have open. An entry takes some 300 bytes of the kernel's memory.
const leastShare = 4096

var mostConnections = "/proc/sys/net/netfilter/nf_conntrack_max"

// Bound gives each service its share of the table, which it enlarges where the shares would be too small. It takes
// the module nft_connlimit.
func Bound(firewall *description.Firewall) error {
	share, err := enlarge(len(firewall.Networks))
	if err != nil {
		return err
	}
	return give(func(connection *nftables.Conn) {
		add(connection, nftables.TableFamilyIPv4, []chain{{name: "bound", hook: "bound", rules: boundRules(firewall.Networks, share)}})
	})
}

// boundRules see what the rules before them have let through.
func boundRules(networks []description.Network, share uint32) []words {
	rules := []words{all(established(), accept())}
	for _, network := range networks {
		rules = append(rules,
			all(fromLink(network.Link), over(share), reject()),
			// what another service opens is of that one's share
			all(toLink(network.Link), translated(), over(share), drop()))
	}
	return rules
}

// enlarge is a share, of as many as there are with one for the machine itself.
func enlarge(networks int) (uint32, error) {
	text, err := os.ReadFile(mostConnections)
	if err != nil {
		return 0, err
	}
	most, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 31)
	if err != nil {
		return 0, err
	}
	shares := uint64(2*networks + 1)
	if most/shares >= leastShare {
		return uint32(most / shares), nil
	}
	return leastShare, os.WriteFile(mostConnections, []byte(strconv.FormatUint(shares*leastShare, 10)), 0)
}

// NFT_CONNLIMIT_F_INV of linux/netfilter/nf_tables.h
const moreThan = 1

func over(count uint32) words { return words{&expr.Connlimit{Count: count, Flags: moreThan}} }
