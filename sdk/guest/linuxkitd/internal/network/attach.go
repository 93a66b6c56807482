package network

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/description"
	"pulumi-linuxkit/linuxkitd/internal/mount"
	"pulumi-linuxkit/linuxkitd/internal/rtnetlink"
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
	if container.Link != nil || len(container.Interfaces) > 0 {
		if err := n.attachLinks(container); err != nil {
			return err
		}
	}
	for kind, file := range container.BindNS {
		if err := bindNamespace(n.bound[kind], file); err != nil {
			return fmt.Errorf("namespace %s: %w", kind, err)
		}
	}
	return nil
}

func (n *Namespaces) attachLinks(container *description.Container) error {
	here, err := rtnetlink.Dial(nil)
	if err != nil {
		return err
	}
	defer here.Close()
	inside, err := rtnetlink.Dial(n.network)
	if err != nil {
		return err
	}
	defer inside.Close()
	if container.Link != nil {
		if err := n.privateLink(container.Link, here, inside); err != nil {
			return err
		}
	}
	for _, asked := range container.Interfaces {
		if err := n.addInterface(asked, here, inside); err != nil {
			return fmt.Errorf("link %s: %w", asked.Name, err)
		}
	}
	return nil
}

// privateLink is a network of two, this machine and the container.
func (n *Namespaces) privateLink(link *description.Link, here, inside *rtnetlink.Conn) error {
	// that of the last start goes with its namespace, a little later
	if old, err := here.Link(link.Link); err == nil {
		_ = here.Delete(old)
	}
	if err := here.AddPair(rtnetlink.End{Name: link.Link}, rtnetlink.End{Name: "eth0", Namespace: n.network}); err != nil {
		return fmt.Errorf("link %s: %w", link.Link, err)
	}
	for _, setting := range [][2]string{{"ipv6/conf/" + link.Link + "/disable_ipv6", "1"}, {"ipv4/conf/" + link.Link + "/rp_filter", "1"}} {
		if err := setParameter(setting[0], setting[1]); err != nil {
			return err
		}
	}
	gateway, err := setAddress(here, link.Link, link.Gateway)
	if err != nil {
		return err
	}
	// the table of neighbours is one for all networks, and IPv6 leads nowhere from here
	if err := Inside(n.network, func() error { return setParameter("ipv6/conf/eth0/disable_ipv6", "1") }); err != nil {
		return err
	}
	if _, err := setAddress(inside, "eth0", link.Address); err != nil {
		return err
	}
	eth0, err := inside.Link("eth0")
	if err != nil {
		return err
	}
	return inside.AddDefault(eth0, gateway)
}

// setParameter sets one of the network that its thread is in, unless the kernel does not have it.
func setParameter(name, value string) error {
	err := os.WriteFile("/proc/sys/net/"+name, []byte(value), 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// setAddress gives a link its address in a network of two, and sets it up.
func setAddress(connection *rtnetlink.Conn, name, text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return address, err
	}
	link, err := connection.Link(name)
	if err != nil {
		return address, err
	}
	if err := connection.AddAddress(link, netip.PrefixFrom(address, 31)); err != nil {
		return address, fmt.Errorf("address %s: %w", text, err)
	}
	return address, connection.SetUp(link)
}

func (n *Namespaces) addInterface(asked description.Interface, here, inside *rtnetlink.Conn) error {
	switch {
	case asked.Peer != "":
		return here.AddPair(rtnetlink.End{Name: asked.Name, Namespace: n.network}, rtnetlink.End{Name: asked.Peer})
	case asked.Add == "":
		return n.move(asked.Name, here)
	case asked.CreateInRoot:
		if err := here.AddLink(asked.Name, asked.Add); err != nil {
			return err
		}
		return n.move(asked.Name, here)
	}
	return inside.AddLink(asked.Name, asked.Add)
}

func (n *Namespaces) move(name string, here *rtnetlink.Conn) error {
	link, err := here.Link(name)
	if err != nil {
		return err
	}
	return here.Move(link, n.network)
}

func bindNamespace(source *os.File, file string) error {
	for {
		place, err := mount.MakeFile(file)
		if err != nil {
			return err
		}
		if !isNamespace(place) {
			defer place.Close()
			return unix.Mount(mount.ByDescriptor(source), mount.ByDescriptor(place), "", unix.MS_BIND, "")
		}
		// that of the last start stays bound when its processes have ended (nsfs)
		err = unix.Unmount(mount.ByDescriptor(place), unix.MNT_DETACH)
		place.Close()
		if err != nil {
			return err
		}
	}
}

func isNamespace(file *os.File) bool {
	var of unix.Statfs_t
	err := unix.Fstatfs(int(file.Fd()), &of)
	return err == nil && of.Type == unix.NSFS_MAGIC
}
