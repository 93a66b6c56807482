package description

import "net/netip"

// Services has the addresses of all services (RFC 2544): two for each.
var Services = netip.MustParsePrefix("198.18.0.0/16")
