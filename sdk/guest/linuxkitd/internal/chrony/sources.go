package chrony

// The clouds, as the arguments of debian.chrony name them.
const (
	aws   = "aws"
	gcp   = "gcp"
	azure = "azure"
)

// clocks are the host's own clocks, which a container with their annotation has where the machine has them: see
// container/clocks.go.
var clocks = []string{"/dev/ptp_hyperv", "/dev/ptp_kvm"}

// servers answer inside a cloud, also in a network without a way out. Azure has no such server.
//
// Source: Amazon EC2 User Guide, "Set the time reference on your EC2 instance to use the local Amazon Time Sync Service", which
// has the polls; Compute Engine, "Configure NTP on a VM".
var servers = map[string]string{
	aws: "server 169.254.169.123 prefer trust iburst minpoll 4 maxpoll 4",
	gcp: "server metadata.google.internal prefer trust iburst",
}

// sourcesOf are lines of chrony.conf(5) for the machine's own sources. Each is trusted and preferred: those of the settings
// count only while none of these answers. AWS and Google spread a leap second over a day and the public pool does not, so a mean of
// both would be wrong, and a majority of the pool's servers would outvote the cloud's.
func sourcesOf(cloud string, exists func(path string) bool) []string {
	var lines []string
	for _, device := range clocks {
		if exists(device) {
			// Source: Microsoft Learn, "Time sync for Linux VMs in Azure", "chrony"; Compute Engine, "Configure accurate time for
			// Compute Engine VMs", which has the clock of KVM
			lines = append(lines, "refclock PHC "+device+" poll 3 dpoll -2 offset 0 stratum 2 prefer trust")
		}
	}
	if server, is := servers[cloud]; is {
		lines = append(lines, server)
	}
	return lines
}
