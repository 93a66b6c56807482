// Package arrivals bounds the connections of a port that anybody can reach.
package arrivals

import (
	"net"
	"net/netip"
	"sync"
)

// Arrivals are connections whose client or request is not known yet. Where there are too many, the oldest one of the address
// with the most is closed, so idle connections keep nobody out.
type Arrivals struct {
	most int

	mu    sync.Mutex
	count int
	from  map[netip.Prefix][]net.Conn
}

// New makes room for so many.
func New(most int) *Arrivals { return &Arrivals{most: most, from: map[netip.Prefix][]net.Conn{}} }

// Enter adds one, which may close another; leave takes it out.
func (a *Arrivals) Enter(connection net.Conn) (leave func()) {
	from := origin(connection.RemoteAddr())
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count == a.most {
		a.closeOne()
	}
	a.from[from] = append(a.from[from], connection)
	a.count++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.remove(from, connection)
	}
}

func (a *Arrivals) closeOne() {
	var busiest netip.Prefix
	for from, has := range a.from {
		if len(has) > len(a.from[busiest]) {
			busiest = from
		}
	}
	oldest := a.from[busiest][0]
	oldest.Close()
	a.remove(busiest, oldest)
}

// remove may be called again for a connection that was closed here.
func (a *Arrivals) remove(from netip.Prefix, connection net.Conn) {
	for index, one := range a.from[from] {
		if one == connection {
			a.from[from] = append(a.from[from][:index:index], a.from[from][index+1:]...)
			a.count--
			break
		}
	}
	if len(a.from[from]) == 0 {
		delete(a.from, from)
	}
}

// origin: of IPv6 one host has a whole network (RFC 7421).
func origin(address net.Addr) netip.Prefix {
	from, err := netip.ParseAddrPort(address.String())
	if err != nil {
		return netip.Prefix{}
	}
	host := from.Addr().Unmap().WithZone("")
	bits := host.BitLen()
	if host.Is6() {
		bits = 64
	}
	prefix, _ := host.Prefix(bits)
	return prefix
}
