package dhcp

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// TestLinkInTheKernel runs the tests of a namespace in one of their own: they change addresses and routes.
func TestLinkInTheKernel(t *testing.T) {
	if os.Getenv("DHCP_NAMESPACE") != "" {
		inNamespace(t)
		return
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(own, "-test.run=^TestLinkInTheKernel$", "-test.v")
	command.Env = append(os.Environ(), "DHCP_NAMESPACE=1")
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	said, err := command.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !asExit(err, &ended) {
		t.Skipf("this machine makes no namespaces: %v", err)
	}
	if err != nil {
		t.Fatalf("%v:\n%s", err, said)
	}
}

func asExit(err error, into **exec.ExitError) bool {
	ended, ok := err.(*exec.ExitError)
	*into = ended
	return ok
}

func inNamespace(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// eth0 is the client's end, far the server's
	must(netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0", MTU: 1500}, PeerName: "far"}))
	asked := serve(t)
	on, err := await(t.Context(), "eth0")
	must(err)
	// what an earlier run had
	eth0, err := netlink.LinkByName("eth0")
	must(err)
	must(netlink.AddrAdd(eth0, &netlink.Addr{IPNet: cidrOf("192.168.9.9/24")}))

	var said bytes.Buffer
	path := filepath.Join(t.TempDir(), "resolv.conf")
	c := &client{network: on, link: "eth0", resolver: &resolver{path, nil}, out: &said, err: &said, answer: time.Second, retry: time.Second}
	given, err := c.once(t.Context(), 20*time.Second)
	must(err)
	if wanted := "dhcp: eth0 has 10.0.0.7/32, gateway 10.0.0.1, name servers 10.0.0.2\n"; said.String() != wanted {
		t.Errorf("got %q", said.String())
	}
	addresses, err := netlink.AddrList(eth0, netlink.FAMILY_V4)
	must(err)
	if len(addresses) != 1 || addresses[0].IPNet.String() != "10.0.0.7/32" {
		t.Errorf("got the addresses %v", addresses)
	}
	routes, err := netlink.RouteList(eth0, netlink.FAMILY_V4)
	must(err)
	var ways []string
	for _, one := range routes {
		ways = append(ways, one.Dst.String()+" "+one.Gw.String())
	}
	if got := strings.Join(ways, ", "); !strings.Contains(got, "0.0.0.0/0 10.0.0.1") || !strings.Contains(got, "10.0.0.1/32 <nil>") || !strings.Contains(got, "168.63.129.16/32 10.0.0.1") {
		t.Errorf("got the routes %s", got)
	}
	found, err := netlink.LinkByName("eth0")
	must(err)
	if found.Attrs().MTU != 1460 {
		t.Errorf("got packets of %d bytes", found.Attrs().MTU)
	}

	// renewed by the kernel's own socket, from the leased address
	for _, from := range []state{renewing, rebinding} {
		again, err := c.renew(t.Context(), *given, from)
		if err != nil || again == nil || again.address != given.address {
			t.Errorf("state %d: got %v and %v", from, again, err)
		}
	}
	must(on.take(*given))
	must(on.flush())
	if addresses, err = netlink.AddrList(eth0, netlink.FAMILY_V4); err != nil || len(addresses) != 0 {
		t.Errorf("got %v and %v", addresses, err)
	}
	if _, err := await(t.Context(), "eth7"); err == nil || !strings.HasPrefix(err.Error(), "there is no interface eth7; there are: ") || !strings.Contains(err.Error(), "eth0") {
		t.Errorf("got %v", err)
	}
	if len(asked) == 0 {
		t.Error("the server was not asked")
	}
}

// serve puts the far end into a namespace of its own, and answers there as Compute Engine does: a network of one
// address, and packets of 1460 bytes. One socket is asked before the client has an address, the other by its address.
func serve(t *testing.T) chan struct{} {
	t.Helper()
	asked := make(chan struct{}, 64)
	ready := make(chan error)
	go func() {
		// the thread is in the namespace: what it opens stays there
		runtime.LockOSThread()
		ready <- func() error {
			far, err := netlink.LinkByName("far")
			if err != nil {
				return err
			}
			there, err := netlink.NewHandle()
			if err != nil {
				return err
			}
			defer there.Close()
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			if err := there.LinkSetNsPid(far, unix.Gettid()); err != nil {
				return err
			}
			if err := errors.Join(netlink.AddrAdd(far, &netlink.Addr{IPNet: cidrOf("10.0.0.1/24")}), netlink.LinkSetUp(far)); err != nil {
				return err
			}
			raw, err := nclient4.NewRawUDPConn("far", serverPort)
			if err != nil {
				return err
			}
			kernel, err := net.ListenPacket("udp4", "10.0.0.1:67")
			if err != nil {
				return err
			}
			t.Cleanup(func() { raw.Close(); kernel.Close() })
			go answer(t, raw, asked, &net.UDPAddr{IP: net.IPv4bcast, Port: clientPort})
			go answer(t, kernel, asked, nil)
			return nil
		}()
	}()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	return asked
}

// answer answers every message, to that address or to who sent it. The raw socket also sees what the other one gets.
func answer(t *testing.T, conn net.PacketConn, asked chan<- struct{}, to net.Addr) {
	buffer := make([]byte, packetLimit)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		message, err := dhcpv4.FromBytes(buffer[:n])
		if err != nil || to != nil && !from.(*net.UDPAddr).IP.IsUnspecified() {
			continue
		}
		asked <- struct{}{}
		if to == nil {
			_, _ = conn.WriteTo(answerFor(t, message), from)
		} else {
			_, _ = conn.WriteTo(answerFor(t, message), to)
		}
	}
}

func answerFor(t *testing.T, message *dhcpv4.DHCPv4) []byte {
	kind := dhcpv4.MessageTypeAck
	if message.MessageType() == dhcpv4.MessageTypeDiscover {
		kind = dhcpv4.MessageTypeOffer
	}
	given := ack(t, dhcpv4.OptMessageType(kind), dhcpv4.OptSubnetMask(net.CIDRMask(32, 32)), generic(26, 5, 180), dhcpv4.OptClasslessStaticRoute(
		&dhcpv4.Route{Dest: cidr("0.0.0.0/0"), Router: net.IPv4(10, 0, 0, 1)}, &dhcpv4.Route{Dest: cidr("10.0.0.1/32"), Router: net.IPv4zero},
		&dhcpv4.Route{Dest: cidr("168.63.129.16/32"), Router: net.IPv4(10, 0, 0, 1)}))
	given.TransactionID, given.ClientHWAddr = message.TransactionID, message.ClientHWAddr
	return given.ToBytes()
}

func cidrOf(text string) *net.IPNet {
	prefix := netip.MustParsePrefix(text)
	return &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), 32)}
}
