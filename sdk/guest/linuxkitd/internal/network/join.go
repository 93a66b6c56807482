package network

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/rtnetlink"
)

// mostLink is how long the driver of a network card may take to make its link.
const mostLink = 5 * time.Second

// Member is the machine's place in a network of its stack: the card that leads there, and its address.
type Member struct {
	MAC     net.HardwareAddr
	Address netip.Prefix
}

// ParseMember reads "52:54:00:12:34:56 10.77.0.11/24".
func ParseMember(text string) (Member, error) {
	words := strings.Fields(text)
	if len(words) != 2 {
		return Member{}, fmt.Errorf("got %d words, wanted the address of a card and one of a network", len(words))
	}
	mac, err := net.ParseMAC(words[0])
	if err != nil || len(mac) != 6 {
		return Member{}, fmt.Errorf("got %q, wanted the address of a card", words[0])
	}
	address, err := netip.ParsePrefix(words[1])
	if err != nil || !address.Addr().Is4() {
		return Member{}, fmt.Errorf("got %q, wanted an IPv4 address with the bits of its network", words[1])
	}
	return Member{mac, address}, nil
}

// Join gives the card its address. It has no route to other networks.
func Join(member Member) error {
	connection, err := rtnetlink.Dial(nil)
	if err != nil {
		return err
	}
	defer connection.Close()
	link, err := linkOf(connection, member.MAC)
	if err != nil {
		return err
	}
	if err := connection.AddAddress(link, member.Address); err != nil {
		return fmt.Errorf("address %s: %w", member.Address, err)
	}
	return connection.SetUp(link)
}

func linkOf(connection *rtnetlink.Conn, mac net.HardwareAddr) (rtnetlink.Link, error) {
	for until := time.Now().Add(mostLink); ; time.Sleep(20 * time.Millisecond) {
		links, err := connection.Links()
		if err != nil {
			return rtnetlink.Link{}, err
		}
		if at := slices.IndexFunc(links, func(one rtnetlink.Link) bool { return bytes.Equal(one.MAC, mac) }); at >= 0 {
			return links[at], nil
		}
		if time.Now().After(until) {
			return rtnetlink.Link{}, fmt.Errorf("the machine has no network card with the address %s", mac)
		}
	}
}
