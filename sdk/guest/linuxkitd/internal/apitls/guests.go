package apitls

import (
	"net"
	"sync"
)

// guests counts connections, by address.
type guests struct {
	mu  sync.Mutex
	all int
	of  map[string]int
}

func newGuests() *guests { return &guests{of: map[string]int{}} }

// enter is whether there is room for one more from an address; leave gives it back.
func (g *guests) enter(address net.Addr) (leave func(), welcome bool) {
	from := address.String()
	if host, _, err := net.SplitHostPort(from); err == nil {
		from = host
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= most || g.of[from] >= mostOfOne {
		return nil, false
	}
	g.all++
	g.of[from]++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.all--
		if g.of[from]--; g.of[from] == 0 {
			delete(g.of, from)
		}
	}, true
}
