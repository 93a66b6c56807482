package rtnetlink

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// TestKernel runs in namespaces of its own: it makes links, addresses and routes, which another library then lists.
func TestKernel(t *testing.T) {
	if os.Getenv("RTNETLINK_NAMESPACE") != "" {
		inNamespace(t)
		return
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(own, "-test.run=^TestKernel$", "-test.v")
	command.Env = append(os.Environ(), "RTNETLINK_NAMESPACE=1")
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, said)
	}
}

func inNamespace(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	waiting := exec.Command("sleep", "60")
	waiting.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	must(waiting.Start())
	defer func() { _ = waiting.Process.Kill(); _ = waiting.Wait() }()
	other, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", waiting.Process.Pid))
	must(err)
	defer other.Close()
	here, err := Dial(nil)
	must(err)
	defer here.Close()
	there, err := Dial(other)
	must(err)
	defer there.Close()

	must(here.AddPair(End{Name: "out"}, End{Name: "in", Namespace: other}))
	if err := here.AddPair(End{Name: "out"}, End{Name: "more"}); !errors.Is(err, unix.EEXIST) {
		t.Errorf("a link that exists: got %v", err)
	}
	if _, err := here.Link("in"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("a link of another namespace: got %v", err)
	}
	out, err := here.Link("out")
	must(err)
	in, err := there.Link("in")
	must(err)
	must(here.SetUp(out))
	must(here.SetMTU(out, 1400))
	judged, err := netlink.LinkByName("out")
	must(err)
	if has := judged.Attrs(); has.Index != out.Index || has.MTU != 1400 || has.Flags&net.FlagUp == 0 || has.HardwareAddr.String() != out.MAC.String() || judged.Type() != "veth" {
		t.Errorf("got %+v, made %+v", has, out)
	}

	// of the kinds that need nothing more, the one that the pair above shows to be there
	must(here.AddLink("plain", "veth"))
	plain, err := here.Link("plain")
	must(err)
	must(here.Move(plain, other))
	if _, err := there.Link("plain"); err != nil {
		t.Errorf("the link that was moved: %v", err)
	}
	all, err := there.Links()
	must(err)
	var names []string
	for _, link := range all {
		names = append(names, link.Name)
	}
	for _, name := range []string{"in", "lo", "plain"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not in %v", name, names)
		}
	}
	addressesAndRoutes(t, here, there, out, in, judged, must)
	must(here.Delete(out))
	if _, err := here.Link("out"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("a link that was deleted: got %v", err)
	}
}

func addressesAndRoutes(t *testing.T, here, there *Conn, out, in Link, judged netlink.Link, must func(error)) {
	t.Helper()
	for text, broadcast := range map[string]string{"10.0.0.5/24": "10.0.0.255", "198.18.0.0/31": "<nil>", "10.9.9.9/32": "<nil>", "172.16.1.1/12": "172.31.255.255"} {
		must(here.AddAddress(out, netip.MustParsePrefix(text)))
		if err := here.AddAddress(out, netip.MustParsePrefix(text)); !errors.Is(err, unix.EEXIST) {
			t.Errorf("%s a second time: got %v", text, err)
		}
		must(here.ReplaceAddress(out, netip.MustParsePrefix(text)))
		has, err := netlink.AddrList(judged, netlink.FAMILY_V4)
		must(err)
		if !slices.ContainsFunc(has, func(own netlink.Addr) bool { return own.IPNet.String() == text && own.Broadcast.String() == broadcast }) {
			t.Errorf("%s with the broadcast address %s is not in %v", text, broadcast, has)
		}
	}
	must(there.AddAddress(in, netip.MustParsePrefix("10.0.0.6/24")))
	must(there.SetUp(in))
	own, err := here.AddressesOf(out)
	must(err)
	if len(own) != 4 {
		t.Errorf("got %v", own)
	}

	must(here.AddDefault(out, netip.MustParseAddr("10.0.0.1")))
	must(here.ReplaceRoute(Route{To: netip.MustParsePrefix("10.7.0.1/32"), Link: out}))
	for _, router := range []string{"10.7.0.1", "10.7.0.2"} {
		must(here.ReplaceRoute(Route{To: netip.MustParsePrefix("192.0.2.0/24"), Via: netip.MustParseAddr(router), OnLink: true, Link: out}))
	}
	must(here.ReplaceRoute(Route{To: netip.MustParsePrefix("10.244.0.0/16"), Link: out, From: netip.MustParseAddr("10.0.0.5")}))
	routes, err := netlink.RouteList(judged, netlink.FAMILY_V4)
	must(err)
	var ways []string
	for _, route := range routes {
		ways = append(ways, fmt.Sprint(route.Dst, " ", route.Gw, " ", route.Scope, " ", route.Flags&int(netlink.FLAG_ONLINK) != 0, " ", route.Src))
	}
	for _, want := range []string{
		"0.0.0.0/0 10.0.0.1 universe false <nil>", "10.7.0.1/32 <nil> link false <nil>",
		"192.0.2.0/24 10.7.0.2 universe true <nil>", "10.244.0.0/16 <nil> link false 10.0.0.5",
	} {
		if !slices.Contains(ways, want) {
			t.Errorf("%s is not in %q", want, ways)
		}
	}
	several := &netlink.Route{Table: 7, Dst: &net.IPNet{IP: net.IPv4(203, 0, 113, 0).To4(), Mask: net.CIDRMask(24, 32)}}
	for _, router := range []string{"10.0.0.8", "10.0.0.9"} {
		several.MultiPath = append(several.MultiPath, &netlink.NexthopInfo{LinkIndex: out.Index, Gw: net.ParseIP(router)})
	}
	must(netlink.RouteAdd(several))
	routers, err := here.Routers()
	must(err)
	slices.SortFunc(routers, netip.Addr.Compare)
	if got := fmt.Sprint(routers); got != "[10.0.0.1 10.0.0.8 10.0.0.9 10.7.0.2]" {
		t.Errorf("got the routers %s", got)
	}

	for _, address := range own {
		if err := here.DeleteAddress(address); err != nil {
			t.Errorf("%v: %v", address, err)
		}
	}
	if left, err := netlink.AddrList(judged, netlink.FAMILY_V4); err != nil || len(left) > 0 {
		t.Errorf("got %v and %v", left, err)
	}
}
