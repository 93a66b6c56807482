package arrivals

import (
	"net"
	"testing"
)

type fake struct {
	net.Conn
	from   string
	closed bool
}

func (f *fake) RemoteAddr() net.Addr {
	address, _ := net.ResolveTCPAddr("tcp", f.from)
	return address
}

func (f *fake) Close() error {
	f.closed = true
	return nil
}

func TestTheOldestOfTheBusiestIsClosed(t *testing.T) {
	for name, row := range map[string]struct {
		from []string
		want int
	}{
		"there is room":             {[]string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"}, -1},
		"one has most":              {[]string{"10.0.0.2:1", "10.0.0.1:1", "10.0.0.1:2", "10.0.0.3:1"}, 1},
		"one has all":               {[]string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "10.0.0.1:4"}, 0},
		"one network of IPv6":       {[]string{"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", "[2001:db8:0:1::2]:1", "10.0.0.1:1"}, 1},
		"IPv4 as it comes to IPv6":  {[]string{"10.0.0.2:1", "[::ffff:10.0.0.1]:1", "10.0.0.1:2", "10.0.0.3:1"}, 1},
		"the last comes from there": {[]string{"10.0.0.2:1", "10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"}, 1},
	} {
		arrivals := New(3)
		var all []*fake
		var leaves []func()
		for _, from := range row.from {
			one := &fake{from: from}
			all, leaves = append(all, one), append(leaves, arrivals.Enter(one))
		}
		for index, one := range all {
			if one.closed != (index == row.want) {
				t.Errorf("%s: %d is closed: %v", name, index, one.closed)
			}
		}
		for _, leave := range append(leaves, leaves...) {
			leave()
		}
		if arrivals.count != 0 || len(arrivals.from) != 0 {
			t.Errorf("%s: %d are left, %v", name, arrivals.count, arrivals.from)
		}
	}
}
