package guest

import (
	"fmt"
	"slices"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/modules"
	"pulumi-linuxkit/linuxkitd/internal/power"
)

const (
	// what a shutdown takes beside the times that services and tasks are given
	spareShutdown = 30 * time.Second
	// a task of shutdown that has no limit of its own
	mostLastTask = 10 * time.Minute
	// the end of every process, and of what lies on disks
	mostPowerOff = 30 * time.Second
)

// shutDown stops the services and runs the tasks of shutdown. What is not done in time is left: a disk that does not
// answer, or a process that does not end, keeps no machine up.
func (g *Guest) shutDown(off power.Off) {
	g.console.Say("shutdown", string(off))
	tasks, err := container.ReadPhase("onshutdown")
	if err != nil {
		g.console.Show(err.Error())
	}
	if slices.ContainsFunc(tasks, (*container.Container).Overlays) {
		_ = modules.InsertLate(modules.Overlay)
	}
	limit := mostShutdown(tasks, g.services, g.tls, g.own.Load())
	if !within(limit, "the shutdown", func() { g.stopAll(tasks) }) {
		g.console.Show(fmt.Sprintf("linuxkitd: the shutdown took longer than %v; the machine ends without the rest of it", limit))
	}
}

// mostShutdown is enough for services that stop one after the other, each in its time, and for all tasks.
func mostShutdown(tasks []*container.Container, supervisors ...*supervisor) time.Duration {
	limit := spareShutdown
	for _, s := range supervisors {
		if s == nil {
			continue
		}
		for _, c := range s.containers {
			limit += seconds(c.Service.StopTimeout)
		}
	}
	for _, task := range tasks {
		if task.Task.Timeout == 0 {
			limit += mostLastTask
		} else {
			limit += seconds(task.Task.Timeout)
		}
	}
	return limit
}

// within does work, and gives whether it was done in time. A panic in it is an end too.
func within(limit time.Duration, what string, work func()) bool {
	done := make(chan struct{})
	guard.Go(what, func() {
		defer close(done)
		work()
	})
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// stopAll stops the services, of which the slowest decides how long it takes; then the tasks of shutdown run.
func (g *Guest) stopAll(tasks []*container.Container) {
	if g.services.begun.Load() {
		g.services.stop()
	}
	for _, own := range []*supervisor{g.tls, g.own.Load()} {
		if own != nil {
			own.stop()
		}
	}
	for _, task := range tasks {
		_ = guard.Run("the task "+task.Name, func() { g.runTask(task, nil) })
	}
}

// powerOff ends every process, then the disks, then the machine.
func (g *Guest) powerOff(off power.Off) {
	g.ask(off)
	within(mostPowerOff, "the end of all processes", func() {
		power.KillAll()
		power.UnmountDisks()
	})
	g.console.Say("off")
	// not before the last byte of the console is out
	g.console.Drain()
	_ = power.End(off)
}
