package network

import (
	"bufio"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/rtnetlink"
)

// Start sets up what every machine has before its first task: the loopback link, the host name, and a place for name
// servers. Addresses are the work of a task.
func Start() error {
	if err := setUpLoopback(); err != nil {
		return err
	}
	host := firstLine("/etc/hostname")
	if host == "" {
		if address := firstLine("/sys/class/net/eth0/address"); address != "" {
			host = "linuxkit-" + strings.ReplaceAll(address, ":", "")
		}
	}
	SetHostname(host)
	if info, err := os.Lstat("/etc/resolv.conf"); err == nil && info.Mode()&os.ModeSymlink != 0 {
		_ = os.MkdirAll("/run/resolvconf", 0o755)
		if _, err := os.Stat("/etc/resolv.conf"); err != nil {
			_ = os.WriteFile("/etc/resolv.conf", nil, 0o644)
		}
	}
	return nil
}

func setUpLoopback() error {
	connection, err := rtnetlink.Dial(nil)
	if err != nil {
		return err
	}
	defer connection.Close()
	loopback, err := connection.Link("lo")
	if err != nil {
		return err
	}
	// the kernel gives it 127.0.0.1 by itself
	return connection.SetUp(loopback)
}

// SetHostname names the machine; the kernel takes 64 bytes.
func SetHostname(name string) {
	if name != "" && len(name) <= 64 {
		_ = unix.Sethostname([]byte(name))
	}
}

// TakeHostname gives the machine the name that a task has asked its cloud for.
func TakeHostname() { SetHostname(firstLine("/run/config/hostname")) }

func firstLine(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Scan()
	return strings.TrimSpace(lines.Text())
}

// NameServers are the IPv4 addresses of /etc/resolv.conf.
func NameServers(path string) []netip.Addr {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	var servers []netip.Addr
	lines := bufio.NewScanner(file)
	for lines.Scan() && len(servers) < 64 {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		if address, err := netip.ParseAddr(words[1]); err == nil && address.Is4() {
			servers = append(servers, address)
		}
	}
	return servers
}
