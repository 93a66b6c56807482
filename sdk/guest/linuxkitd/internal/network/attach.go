package network

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"strconv"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// Attach gives a container whose process waits its links, and binds its namespaces.
func Attach(pid int, container *description.Container) error {
	process := "/proc/" + strconv.Itoa(pid)
	namespace, err := os.Open(process + "/ns/net")
	if err != nil {
		return err
	}
	defer namespace.Close()
	if container.Link != nil {
		if err := privateLink(container.Link, namespace); err != nil {
			return err
		}
	}
	for _, asked := range container.Interfaces {
		if err := addInterface(asked, namespace); err != nil {
			return fmt.Errorf("link %s: %w", asked.Name, err)
		}
	}
	for kind, file := range container.BindNS {
		if err := bindNamespace(process+"/ns/"+kind, file); err != nil {
			return fmt.Errorf("namespace %s: %w", kind, err)
		}
	}
	return nil
}

// privateLink is a network of two, this machine and the container.
func privateLink(link *description.Link, namespace *os.File) error {
	// that of the last start goes with its namespace, a little later
	if old, err := netlink.LinkByName(link.Link); err == nil {
		_ = netlink.LinkDel(old)
	}
	pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: link.Link}, PeerName: "eth0", PeerNamespace: netlink.NsFd(int(namespace.Fd()))}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("link %s: %w", link.Link, err)
	}
	outside, err := netlink.LinkByName(link.Link)
	if err != nil {
		return err
	}
	for _, setting := range [][2]string{{"ipv6/conf/" + link.Link + "/disable_ipv6", "1"}, {"ipv4/conf/" + link.Link + "/rp_filter", "1"}} {
		if err := os.WriteFile("/proc/sys/net/"+setting[0], []byte(setting[1]), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := setAddress(&netlink.Handle{}, outside, link.Gateway); err != nil {
		return err
	}
	inside, err := netlink.NewHandleAt(netns.NsHandle(namespace.Fd()), unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer inside.Close()
	eth0, err := inside.LinkByName("eth0")
	if err != nil {
		return err
	}
	if err := setAddress(inside, eth0, link.Address); err != nil {
		return err
	}
	return inside.RouteAdd(&netlink.Route{LinkIndex: eth0.Attrs().Index, Gw: net.ParseIP(link.Gateway)})
}

func setAddress(handle *netlink.Handle, link netlink.Link, address string) error {
	parsed, err := netlink.ParseAddr(address + "/31")
	if err != nil {
		return err
	}
	// a network of two has no broadcast (RFC 3021)
	parsed.Broadcast = net.IPv4zero
	if err := handle.AddrAdd(link, parsed); err != nil {
		return fmt.Errorf("address %s: %w", address, err)
	}
	return handle.LinkSetUp(link)
}

func addInterface(asked description.Interface, namespace *os.File) error {
	descriptor := int(namespace.Fd())
	switch {
	case asked.Peer != "":
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: asked.Name, Namespace: netlink.NsFd(descriptor)}, PeerName: asked.Peer, PeerNamespace: netlink.NsPid(os.Getpid())})
	case asked.Add == "":
		return move(asked.Name, descriptor)
	case asked.CreateInRoot:
		if err := netlink.LinkAdd(ofType(asked)); err != nil {
			return err
		}
		return move(asked.Name, descriptor)
	}
	inside, err := netlink.NewHandleAt(netns.NsHandle(descriptor), unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer inside.Close()
	return inside.LinkAdd(ofType(asked))
}

func ofType(asked description.Interface) netlink.Link {
	return &netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Name: asked.Name}, LinkType: asked.Add}
}

func move(name string, namespace int) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.LinkSetNsFd(link, namespace)
}

func bindNamespace(source, file string) error {
	if err := os.MkdirAll(path.Dir(file), 0o755); err != nil {
		return err
	}
	made, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	made.Close()
	return unix.Mount(source, file, "", unix.MS_BIND, "")
}
