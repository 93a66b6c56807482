package firewall

import (
	"errors"
	"os"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

const table = "linuxkit"

// hooks of chains, with their priorities; all accept what no rule decides.
var hooks = map[string]struct {
	kind     nftables.ChainType
	hook     *nftables.ChainHook
	priority *nftables.ChainPriority
}{
	"forward": {nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter},
	// after the filter, so that it counts only what that has let through
	"bound":       {nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityRef(1)},
	"input":       {nftables.ChainTypeFilter, nftables.ChainHookInput, nftables.ChainPriorityFilter},
	"prerouting":  {nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest},
	"postrouting": {nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource},
}

// Apply gives the rules to the kernel in one transaction. router is whether the machine forwards for others as well.
func Apply(firewall *description.Firewall, outside Outside, router bool) error {
	return give(func(connection *nftables.Conn) {
		add(connection, nftables.TableFamilyIPv4, chains(firewall, outside, router))
		add(connection, nftables.TableFamilyIPv6, chains6())
	})
}

// mostPatience is what answers of the kernel may take. It has written them when it has taken the rules, so this is for those that
// never come: without nf_tables it answers the first message of many and no other (nfnetlink.c, nfnetlink_rcv_batch).
const mostPatience = 10 * time.Second

// give gives the kernel what fill adds, in one transaction.
func give(fill func(*nftables.Conn)) error {
	connection, err := nftables.New(nftables.WithSockOptions(func(socket *netlink.Conn) error {
		return socket.SetReadDeadline(time.Now().Add(mostPatience))
	}))
	if err != nil {
		return err
	}
	fill(connection)
	if err := connection.Flush(); err != nil {
		// one for each message, of which the first says why
		first, _, _ := strings.Cut(err.Error(), "\n")
		return errors.New(first)
	}
	return nil
}

func add(connection *nftables.Conn, family nftables.TableFamily, chains []chain) {
	made := connection.AddTable(&nftables.Table{Family: family, Name: table})
	for _, chain := range chains {
		added := &nftables.Chain{Name: chain.name, Table: made}
		if chain.hook != "" {
			hook, policy := hooks[chain.hook], nftables.ChainPolicyAccept
			added.Type, added.Hooknum, added.Priority, added.Policy = hook.kind, hook.hook, hook.priority, &policy
		}
		connection.AddChain(added)
		for _, rule := range chain.rules {
			connection.AddRule(&nftables.Rule{Table: made, Chain: added, Exprs: rule})
		}
	}
}

const forwardFile = "/proc/sys/net/ipv4/ip_forward"

// Start sets the firewall up and lets the machine forward for its services.
func Start(firewall *description.Firewall, outside Outside) error {
	forwards, err := os.ReadFile(forwardFile)
	if err != nil {
		return err
	}
	if err := Apply(firewall, outside, firewall.Forwards || strings.TrimSpace(string(forwards)) == "1"); err != nil {
		return errors.New("the kernel does not take the rules: " + err.Error())
	}
	return os.WriteFile(forwardFile, []byte("1"), 0)
}
