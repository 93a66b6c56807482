// Package guest is PID 1: it brings the machine up, runs its containers, and takes it down again.
package guest

import (
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/api"
	"pulumi-linuxkit/linuxkitd/internal/console"
	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/description"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/health"
	"pulumi-linuxkit/linuxkitd/internal/modules"
	"pulumi-linuxkit/linuxkitd/internal/power"
	"pulumi-linuxkit/linuxkitd/internal/process"
	"pulumi-linuxkit/linuxkitd/internal/supervise"
)

// Guest is the running machine.
type Guest struct {
	console  *console.Console
	children *process.Table
	runtime  *container.Runtime
	machine  description.Machine
	// tasks before the services
	tasks []*container.Container
	// services of the definition
	services *supervisor
	// overlays is whether a container mounts overlays before the machine is healthy
	overlays bool
	// own are the guest's own, once they were started
	own atomic.Pointer[supervisor]
	// tls is the container that asks over TLS, and askers its end here; nil where no service is asked so
	tls    *supervisor
	askers *health.Askers
	// firmware is the removal of the firmware device
	firmware sync.WaitGroup
	// modules of the firewall, which are inserted while tasks run
	modules sync.WaitGroup
	// waiting are modules that are inserted when services run
	waiting []modules.Module
	refused []string
	// ends that were asked for; only the first counts
	ending chan power.Off
	once   sync.Once
	// closed when the first end was asked for
	asked   chan struct{}
	healthy chan struct{}
	// containers of tasks that have ended, to be deleted when the machine is healthy
	ended []*container.Container
	// member is the machine's place in a network of its stack, "" where it has none
	member string
	// what was reported, for the interface to the machine
	reports *api.Events
}

func newGuest() *Guest {
	return &Guest{children: process.NewTable(), ending: make(chan power.Off, 1), asked: make(chan struct{}), healthy: make(chan struct{}), reports: api.NewEvents()}
}

// ask asks for the end of the machine.
func (g *Guest) ask(off power.Off) {
	g.once.Do(func() {
		g.ending <- off
		close(g.asked)
	})
}

// hearSignals: TERM and INT reboot, USR1 and USR2 power off. All others are heard and passed over: PID 1 never ends.
// SIGURG and SIGCHLD are the program's own.
func (g *Guest) hearSignals() {
	var all []os.Signal
	for number := unix.Signal(1); number < 32; number++ {
		if number != unix.SIGURG && number != unix.SIGCHLD && number != unix.SIGKILL && number != unix.SIGSTOP {
			all = append(all, number)
		}
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, all...)
	guard.Keep("the signals", func() {
		for heard := range signals {
			switch heard {
			case unix.SIGTERM, unix.SIGINT:
				g.ask(power.Reboot)
			case unix.SIGUSR1, unix.SIGUSR2:
				g.ask(power.PowerOff)
			}
		}
	})
}

// sayHealthy is called once per boot.
func (g *Guest) sayHealthy() {
	g.console.Say("healthy")
	_ = os.WriteFile("/run/linuxkit/healthy", nil, 0o644)
	close(g.healthy)
}

// afterHealthy waits for health, a few seconds at most: what comes after is of less haste.
func (g *Guest) afterHealthy() {
	select {
	case <-g.healthy:
	case <-time.After(3 * time.Second):
	}
}

// seconds of a description.
func seconds(value float64) time.Duration { return time.Duration(value * float64(time.Second)) }

// superviseService is a service as decisions need it.
func superviseService(c *container.Container, quiet bool) supervise.Service {
	given := c.Service
	service := supervise.Service{
		Name: c.Name, After: given.After, Restart: given.Restart, StopTimeout: seconds(given.StopTimeout), Quiet: quiet,
	}
	if limit := given.RestartLimit; limit != nil {
		service.Limit, service.Within = limit.Count, seconds(limit.Within)
	}
	if asked := given.Health; asked != nil {
		service.Checked, service.Interval, service.Retries = true, seconds(asked.Interval), asked.Retries
	}
	return service
}
