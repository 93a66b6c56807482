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

// Namespaces are those of a container whose process waits. They stay what they are when the process ends, and its number
// goes to another.
type Namespaces struct {
	network *os.File
	bound   map[string]*os.File
}

// Open opens the namespaces of a process that are needed to attach it. It takes no time: the number must be the
// process's own meanwhile.
func Open(pid int, container *description.Container) (*Namespaces, error) {
	folder := "/proc/" + strconv.Itoa(pid) + "/ns/"
	opened := &Namespaces{bound: map[string]*os.File{}}
	var err error
	if opened.network, err = os.Open(folder + "net"); err != nil {
		return nil, err
	}
	for kind := range container.BindNS {
		if opened.bound[kind], err = os.Open(folder + kind); err != nil {
			opened.Close()
			return nil, fmt.Errorf("namespace %s: %w", kind, err)
		}
	}
	return opened, nil
}

// Close closes them.
func (n *Namespaces) Close() {
	n.network.Close()
	for _, file := range n.bound {
		if file != nil {
			file.Close()
		}
	}
}

// Attach gives a container whose process waits its links, and binds its namespaces.
func (n *Namespaces) Attach(container *description.Container) error {
	if container.Link != nil {
		if err := privateLink(container.Link, n.network); err != nil {
			return err
		}
	}
	for _, asked := range container.Interfaces {
		if err := addInterface(asked, n.network); err != nil {
			return fmt.Errorf("link %s: %w", asked.Name, err)
		}
	}
	for kind, file := range container.BindNS {
		if err := bindNamespace(n.bound[kind], file); err != nil {
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

func bindNamespace(source *os.File, file string) error {
	if err := os.MkdirAll(path.Dir(file), 0o755); err != nil {
		return err
	}
	made, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	made.Close()
	return unix.Mount("/proc/self/fd/"+strconv.Itoa(int(source.Fd())), file, "", unix.MS_BIND, "")
}
