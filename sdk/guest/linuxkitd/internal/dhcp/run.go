// Package dhcp gets an IPv4 address for an interface, with its routes, size of packets and name servers.
package dhcp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/rtnetlink"
	"pulumi-linuxkit/linuxkitd/internal/seconds"
)

// Run gets a lease: `dhcp INTERFACE SECONDS once|renew [NAMESERVER…]`.
//
// With `once` it ends when there is a lease, and fails when none comes in time. With `renew` it stays, renews the
// lease, and ends with the context. Name servers that are named are used instead of the lease's. They are in
// /run/resolvconf/resolv.conf.
func Run(ctx context.Context, args []string) error {
	given, err := parse(args)
	if err != nil {
		return fmt.Errorf("dhcp: %w", err)
	}
	on, err := await(ctx, given.link)
	if err != nil {
		return fmt.Errorf("dhcp: %w", err)
	}
	c := &client{
		network: on, link: given.link, resolver: &resolver{"/run/resolvconf/resolv.conf", given.servers},
		out: os.Stdout, err: os.Stderr, answer: 2 * time.Second, retry: 20 * time.Second,
	}
	if given.renew {
		return c.keep(ctx, given.within)
	}
	if _, err = c.once(ctx, given.within); errors.Is(err, errNoLease) {
		err = fmt.Errorf("%w within %s s", err, args[1])
	}
	if err != nil {
		return fmt.Errorf("dhcp: %w", err)
	}
	return nil
}

// wanted is what the words say.
type wanted struct {
	link    string
	within  time.Duration
	renew   bool
	servers []netip.Addr
}

func parse(words []string) (wanted, error) {
	if len(words) < 3 || (words[2] != "once" && words[2] != "renew") {
		return wanted{}, fmt.Errorf("got %q, wanted an interface, seconds, and once or renew", words)
	}
	w := wanted{link: words[0], renew: words[2] == "renew"}
	within, err := seconds.Parse(words[1])
	if err != nil {
		return w, err
	}
	// an answer is waited for two seconds, and no try is cut short
	w.within = time.Duration(math.Ceil(within.Seconds()/2)) * 2 * time.Second
	for _, word := range words[3:] {
		server, err := netip.ParseAddr(word)
		if err != nil || server.Zone() != "" {
			return w, fmt.Errorf("got the name server %q, wanted an IP address", word)
		}
		w.servers = append(w.servers, server)
	}
	return w, nil
}

// await waits for an interface, whose driver may take a moment, and sets it up.
func await(ctx context.Context, name string) (link, error) {
	connection, err := rtnetlink.Dial(nil)
	if err != nil {
		return link{}, err
	}
	defer connection.Close()
	for tries := 0; ; tries++ {
		found, err := connection.Link(name)
		if err == nil {
			if err := connection.SetUp(found); err != nil {
				return link{}, fmt.Errorf("%s cannot be set up: %w", name, err)
			}
			return link{found}, nil
		}
		if tries == 50 {
			return link{}, fmt.Errorf("there is no interface %s; there are: %s", name, names(connection))
		}
		sleep(ctx, 100*time.Millisecond)
		if ctx.Err() != nil {
			return link{}, ctx.Err()
		}
	}
}

func names(connection *rtnetlink.Conn) string {
	links, _ := connection.Links()
	var list []string
	for _, one := range links {
		list = append(list, one.Name)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
