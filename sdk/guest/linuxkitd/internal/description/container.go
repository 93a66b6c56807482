package description

// Container is what PID 1 must know of a container, beside its config.json.
type Container struct {
	Version int `json:"version"`
	// Name is what the console and log files call it.
	Name string `json:"name"`
	// Phase is "onboot", "services" or "onshutdown".
	Phase string `json:"phase"`
	// ID is its folder under the phase's, and its name for the runtime.
	ID     string `json:"id"`
	Rootfs Rootfs `json:"rootfs"`
	// Cgroups are made under /sys/fs/cgroup.
	Cgroups []string `json:"cgroups"`
	// Delegated: it may make control groups in its own.
	Delegated  bool        `json:"delegated,omitempty"`
	Mounts     []Mount     `json:"mounts"`
	Mkdir      []string    `json:"mkdir"`
	Interfaces []Interface `json:"interfaces"`
	// BindNS are files by the namespace that is bound onto them.
	BindNS map[string]string `json:"bindNS"`
	// UID and GID own its secrets: the user of its process, as the machine numbers it.
	UID int `json:"uid"`
	GID int `json:"gid"`
	// IDBase is what its user 0 is on the machine.
	IDBase int `json:"idBase"`
	// Pids is the limit of its processes and threads; 0 where the definition has none.
	Pids           int   `json:"pids"`
	PrivateNetwork bool  `json:"privateNetwork"`
	Link           *Link `json:"link,omitempty"`
	// Task is there for what runs to its end, Service for what stays.
	Task    *Task    `json:"task,omitempty"`
	Service *Service `json:"service,omitempty"`
}

// Rootfs says how its root filesystem is put together.
type Rootfs struct {
	Readonly bool `json:"readonly"`
	// Extracted is where its image lies when another container's folder holds it.
	Extracted string `json:"extracted,omitempty"`
	// Size is the most bytes of memory that what is written takes; 0 is a quarter of the machine's.
	Size int64 `json:"size,omitempty"`
}

// Mount is a mount in the machine's own namespace.
type Mount struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type,omitempty"`
	Source      string   `json:"source,omitempty"`
	Options     []string `json:"options,omitempty"`
}

// Interface is a network link that the container is given.
type Interface struct {
	Name         string `json:"name"`
	Add          string `json:"add,omitempty"`
	Peer         string `json:"peer,omitempty"`
	CreateInRoot bool   `json:"createInRoot,omitempty"`
}

// Link is its link to the machine's firewall.
type Link struct {
	Link    string `json:"link"`
	Gateway string `json:"gateway"`
	Address string `json:"address"`
}

// Task is what only tasks have.
type Task struct {
	// Timeout is seconds; 0 is no limit.
	Timeout float64 `json:"timeout"`
	// Optional: a failure is reported and the boot goes on.
	Optional bool `json:"optional"`
}

// Service is what only services have. Times are seconds.
type Service struct {
	// Restart is "always", "on-failure" or "never".
	Restart      string        `json:"restart"`
	RestartLimit *RestartLimit `json:"restartLimit,omitempty"`
	After        []string      `json:"after"`
	Secrets      []string      `json:"secrets"`
	StopTimeout  float64       `json:"stopTimeout"`
	// StopSignal is the number of the signal that asks it to stop.
	StopSignal int   `json:"stopSignal"`
	LogSize    int64 `json:"logSize"`
	// Memory is "limited" by the definition, "unlimited", or "" where the group is not its own.
	Memory string  `json:"memory,omitempty"`
	Health *Health `json:"health,omitempty"`
}

// RestartLimit: after so many restarts within so many seconds (0: ever) it stays down.
type RestartLimit struct {
	Count  int     `json:"count"`
	Within float64 `json:"within"`
}

// Health is how PID 1 learns that a service does its work: exactly one of HTTP, HTTPS, TCP and Command.
type Health struct {
	HTTP     *HTTPCheck  `json:"http,omitempty"`
	HTTPS    *HTTPSCheck `json:"https,omitempty"`
	TCP      *TCPCheck   `json:"tcp,omitempty"`
	Command  []string    `json:"command,omitempty"`
	Interval float64     `json:"interval"`
	Timeout  float64     `json:"timeout"`
	Retries  int         `json:"retries"`
}

// HTTPCheck is a request and the status that it wants.
type HTTPCheck struct {
	// Port, or Socket: the path of a UNIX socket as the container sees it.
	Port   int    `json:"port,omitempty"`
	Socket string `json:"socket,omitempty"`
	Path   string `json:"path"`
	Status int    `json:"status"`
}

// HTTPSCheck is a request over TLS.
type HTTPSCheck struct {
	Port   int    `json:"port"`
	Path   string `json:"path"`
	Status int    `json:"status"`
	// ServerName is what the certificate must be for.
	ServerName string `json:"serverName"`
	// CA has certificates as PEM; or CASecret: a secret of the service that has them.
	CA       string `json:"ca,omitempty"`
	CASecret string `json:"caSecret,omitempty"`
}

// TCPCheck is a port that takes a connection.
type TCPCheck struct {
	Port int `json:"port"`
}
