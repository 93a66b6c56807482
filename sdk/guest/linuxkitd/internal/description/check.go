package description

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
)

func (c *Container) check() error {
	if c.Version != Version {
		return fmt.Errorf("version: got %d, wanted %d", c.Version, Version)
	}
	for member, name := range map[string]string{"name": c.Name, "id": c.ID} {
		if !isName(name) {
			return fmt.Errorf("%s: got %q, wanted a word without slash, space or control character", member, name)
		}
	}
	if !slices.Contains([]string{"onboot", "services", "onshutdown"}, c.Phase) {
		return fmt.Errorf("phase: got %q, wanted onboot, services or onshutdown", c.Phase)
	}
	if (c.Phase == "services") != (c.Service != nil) || (c.Service == nil) == (c.Task == nil) {
		return fmt.Errorf("phase: got %q, wanted the member service for services and task for the others", c.Phase)
	}
	for _, number := range []int{c.UID, c.GID, c.IDBase} {
		if number < 0 || number > math.MaxUint32-1 {
			return fmt.Errorf("uid, gid and idBase: got %d, wanted a number of a user", number)
		}
	}
	if c.Pids < 0 || c.Rootfs.Size < 0 {
		return fmt.Errorf("pids and rootfs.size: got %d and %d, wanted no negative numbers", c.Pids, c.Rootfs.Size)
	}
	if c.Link != nil {
		if err := checkLink(c.Link.Link, c.Link.Gateway, c.Link.Address); err != nil {
			return err
		}
	}
	if c.Task != nil && !isSeconds(c.Task.Timeout) {
		return fmt.Errorf("task.timeout: got %v, wanted seconds", c.Task.Timeout)
	}
	if c.Service != nil {
		return c.Service.check()
	}
	return nil
}

func (s *Service) check() error {
	if !slices.Contains([]string{"always", "on-failure", "never"}, s.Restart) {
		return fmt.Errorf("service.restart: got %q, wanted always, on-failure or never", s.Restart)
	}
	if !slices.Contains([]string{"", "limited", "unlimited"}, s.Memory) {
		return fmt.Errorf("service.memory: got %q, wanted limited or unlimited", s.Memory)
	}
	for _, name := range append(append([]string(nil), s.After...), s.Secrets...) {
		if !isName(name) {
			return fmt.Errorf("service.after and service.secrets: got %q, wanted names", name)
		}
	}
	if !isSeconds(s.StopTimeout) || s.StopSignal < 1 || s.StopSignal > 64 || s.LogSize < 1 {
		return fmt.Errorf("service: got stopTimeout %v, stopSignal %d, logSize %d; wanted seconds, a signal, bytes", s.StopTimeout, s.StopSignal, s.LogSize)
	}
	if limit := s.RestartLimit; limit != nil && (limit.Count < 0 || !isSeconds(limit.Within)) {
		return fmt.Errorf("service.restartLimit: got %d within %v, wanted a number within seconds", limit.Count, limit.Within)
	}
	if s.Health != nil {
		return s.Health.check()
	}
	return nil
}

func (h *Health) check() error {
	kinds := 0
	if h.HTTP != nil {
		kinds++
		if onPort := isPort(h.HTTP.Port); onPort == strings.HasPrefix(h.HTTP.Socket, "/") || (h.HTTP.Port != 0 && !onPort) || strings.Contains(h.HTTP.Socket, "\x00") {
			return fmt.Errorf("service.health.http: got port %d, socket %q; wanted one of a port and an absolute path", h.HTTP.Port, h.HTTP.Socket)
		}
		if !isRequestPath(h.HTTP.Path) {
			return fmt.Errorf("service.health.http: got path %q, wanted one from a slash on", h.HTTP.Path)
		}
	}
	if h.HTTPS != nil {
		kinds++
		if err := h.HTTPS.check(); err != nil {
			return err
		}
	}
	if h.TCP != nil {
		kinds++
		if !isPort(h.TCP.Port) {
			return fmt.Errorf("service.health.tcp.port: got %d, wanted 1 to 65535", h.TCP.Port)
		}
	}
	if len(h.Command) > 0 {
		kinds++
	}
	if kinds != 1 {
		return fmt.Errorf("service.health: got %d kinds of check, wanted exactly one of http, https, tcp and command", kinds)
	}
	if !isSeconds(h.Interval) || !isSeconds(h.Timeout) || h.Retries < 1 {
		return fmt.Errorf("service.health: got interval %v, timeout %v, retries %d", h.Interval, h.Timeout, h.Retries)
	}
	return nil
}

func (h *HTTPSCheck) check() error {
	if !isPort(h.Port) || !isRequestPath(h.Path) {
		return fmt.Errorf("service.health.https: got port %d, path %q; wanted 1 to 65535, and one from a slash on", h.Port, h.Path)
	}
	if !isName(h.ServerName) || (h.CA == "") == (h.CASecret == "") || (h.CASecret != "" && !isName(h.CASecret)) {
		return fmt.Errorf("service.health.https: got serverName %q, caSecret %q; wanted a name, and exactly one of ca and caSecret", h.ServerName, h.CASecret)
	}
	return nil
}

func isRequestPath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.ContainsFunc(path, isControlOrSpace)
}

func (m *Machine) check() error {
	if m.Version != Version {
		return fmt.Errorf("version: got %d, wanted %d", m.Version, Version)
	}
	if m.Parameters != nil {
		for _, parameter := range append(append([]Parameter(nil), m.Parameters.Early...), m.Parameters.Last...) {
			if parameter.Path == "" || strings.HasPrefix(parameter.Path, "/") || strings.Contains("/"+parameter.Path+"/", "/../") {
				return fmt.Errorf("parameters: got path %q, wanted one below /proc/sys", parameter.Path)
			}
		}
	}
	for _, shared := range m.Shared {
		for _, name := range append([]string{shared.File}, shared.Names...) {
			if !strings.HasPrefix(name, "/") || strings.Contains(name+"/", "/../") {
				return fmt.Errorf("shared: got %q, wanted a path from a slash on", name)
			}
		}
	}
	if m.Firewall == nil {
		return nil
	}
	for _, closed := range m.Firewall.Closed {
		if _, err := netip.ParsePrefix(closed.To); err != nil {
			return fmt.Errorf("firewall.closed: got %q, wanted an IPv4 network", closed.To)
		}
		if !isProtocol(closed.Protocol) || !slices.EqualFunc(closed.Ports, closed.Ports, func(a, _ int) bool { return isPort(a) }) {
			return fmt.Errorf("firewall.closed: got %v", closed)
		}
	}
	for _, network := range m.Firewall.Networks {
		if err := network.check(); err != nil {
			return err
		}
	}
	return nil
}

func (n *Network) check() error {
	if err := checkLink(n.Link, n.Gateway, n.Address); err != nil {
		return err
	}
	for _, port := range n.Publish {
		if !isPort(port.Outside) || !isPort(port.Inside) || port.Protocol == "" || !isProtocol(port.Protocol) {
			return fmt.Errorf("firewall.networks: got %v, wanted two ports and tcp or udp", port)
		}
	}
	for _, egress := range n.Egress {
		if egress.To != "any" && egress.To != "dns" && !isNetwork(egress.To) {
			return fmt.Errorf("firewall.networks: got egress to %q, wanted an IPv4 address or network, any or dns", egress.To)
		}
		if (egress.Port != 0 && !isPort(egress.Port)) || !isProtocol(egress.Protocol) {
			return fmt.Errorf("firewall.networks: got egress %v, wanted a port and tcp or udp", egress)
		}
	}
	return nil
}

func checkLink(link, gateway, address string) error {
	if !isName(link) || len(link) > 8 || !strings.HasPrefix(link, "lk") {
		return fmt.Errorf("link: got %q, wanted lk and a number", link)
	}
	for _, text := range []string{gateway, address} {
		if parsed, err := netip.ParseAddr(text); err != nil || !parsed.Is4() {
			return fmt.Errorf("link: got %q, wanted an IPv4 address", text)
		}
	}
	return nil
}

func isNetwork(text string) bool {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Is4()
	}
	prefix, err := netip.ParsePrefix(text)
	return err == nil && prefix.Addr().Is4()
}

func isName(text string) bool {
	return text != "" && text != "." && text != ".." && len(text) <= 255 && !strings.ContainsFunc(text, func(letter rune) bool { return letter == '/' || isControlOrSpace(letter) })
}

func isControlOrSpace(letter rune) bool { return letter <= ' ' || letter == 0x7f }

func isPort(port int) bool { return port >= 1 && port <= 65535 }

func isProtocol(word string) bool { return word == "" || word == "tcp" || word == "udp" }

func isSeconds(value float64) bool { return value >= 0 && value <= 1e9 }
