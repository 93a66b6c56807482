package description

// Machine is what PID 1 must know of the machine itself.
type Machine struct {
	Version int `json:"version"`
	// Parameters of the kernel; Early ones are written before the first module and once more with Last.
	Parameters *Parameters `json:"parameters,omitempty"`
	// Shared are files of the root that lie in roots of containers too.
	Shared   []Shared  `json:"shared,omitempty"`
	Firewall *Firewall `json:"firewall,omitempty"`
}

// Shared is a file, and its other names.
type Shared struct {
	File  string   `json:"file"`
	Names []string `json:"names"`
}

// Parameters of the kernel.
type Parameters struct {
	Early []Parameter `json:"early"`
	Last  []Parameter `json:"last"`
}

// Parameter is a path below /proc/sys and its value.
type Parameter struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// Firewall of the services that have networks of their own.
type Firewall struct {
	// Forwards: packets pass that concern none of the networks.
	Forwards bool `json:"forwards,omitempty"`
	// Closed are addresses that a service reaches only when it names them.
	Closed   []Closed  `json:"closed"`
	Networks []Network `json:"networks"`
}

// Closed is an IPv4 network, or ports of it.
type Closed struct {
	To       string `json:"to"`
	Protocol string `json:"protocol,omitempty"`
	Ports    []int  `json:"ports,omitempty"`
}

// Network is a service's.
type Network struct {
	Link    string    `json:"link"`
	Gateway string    `json:"gateway"`
	Address string    `json:"address"`
	Publish []Publish `json:"publish"`
	Egress  []Egress  `json:"egress"`
}

// Publish leads a port of the machine to the service.
type Publish struct {
	Outside  int    `json:"outside"`
	Inside   int    `json:"inside"`
	Protocol string `json:"protocol"`
}

// Egress is what the service may connect to: an IPv4 address or network, "any" or "dns".
type Egress struct {
	To       string `json:"to"`
	Port     int    `json:"port,omitempty"`
	Protocol string `json:"protocol,omitempty"`
}
