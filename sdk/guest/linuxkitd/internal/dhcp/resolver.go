package dhcp

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
)

// resolver is the file resolv.conf, to which the machine's /etc/resolv.conf leads.
type resolver struct {
	path string
	// own are the name servers to use instead of the lease's.
	own []netip.Addr
}

// write writes the name servers and the domain, and returns the servers for a message.
func (r *resolver) write(given lease) (string, error) {
	servers := r.own
	if len(servers) == 0 {
		servers = given.servers
	}
	content, named := "", "none"
	if given.domain != "" {
		content = "search " + given.domain + "\n"
	}
	var list []string
	for _, server := range servers {
		content += "nameserver " + server.String() + "\n"
		list = append(list, server.String())
	}
	if len(list) > 0 {
		named = strings.Join(list, " ")
	}
	if err := overwrite(r.path, []byte(content)); err != nil {
		return "", fmt.Errorf("%s cannot be written: %w", r.path, err)
	}
	return named, nil
}

// overwrite writes into a file that may be there, and does not replace it: containers that bind it see what it says then.
func overwrite(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(content, 0)
	if err == nil {
		err = file.Truncate(int64(len(content)))
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}
