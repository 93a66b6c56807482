package guest

import (
	"math"
	"runtime/debug"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/boot"
	"pulumi-linuxkit/linuxkitd/internal/console"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/network"
	"pulumi-linuxkit/linuxkitd/internal/power"
)

const consoleFile = "/dev/console"

// mostBoot is what PID 1 may hold, in bytes, before garbage is collected, until the services run.
const mostBoot = 16 << 20

// spareThreads of PID 1 are there before a service is: the Go runtime ends the program where it cannot start one.
const spareThreads = 8

// Main is PID 1. It never comes back.
func Main() {
	// a boot leaves little garbage: nothing is collected before mostBoot is in use
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(mostBoot)
	g := newGuest()
	g.hearSignals()
	guard.Threads(spareThreads)
	guard.Keep("the reaper", g.children.Reap)
	if err := guard.Run("the boot", func() { g.powerOff(g.run()) }); err != nil {
		g.openConsole("-")
		_ = guard.Run("the end", func() { g.bootFailed(err.Error()) })
	}
	_ = power.End(power.PowerOff)
	for {
		time.Sleep(time.Hour)
	}
}

// run is the machine's life; it gives how it is to end.
func (g *Guest) run() power.Off {
	if err := g.bringUp(); err != nil {
		return g.failed(err.Error())
	}
	if off, ended := g.runTasks(); ended {
		return off
	}
	if err := g.startServices(); err != nil {
		return g.failed(err.Error())
	}
	guard.Go("what comes after", g.afterwards)
	off := <-g.ending
	g.shutDown(off)
	return off
}

// failed: nothing can go on; a machine that is off keeps its console, one that reboots would hide it.
func (g *Guest) failed(why string) power.Off {
	g.console.Say("failed", why)
	return power.PowerOff
}

func (g *Guest) bootFailed(why string) { g.powerOff(g.failed(why)) }

// openConsole opens the console once.
func (g *Guest) openConsole(nonce string) {
	if g.console != nil {
		return
	}
	opened, err := console.Open(consoleFile, nonce)
	if err != nil {
		// a kernel without a console: the machine works all the same
		opened = console.New(-1, nonce)
	}
	opened.Heard = g.reports.Hear
	g.console = opened
	guard.Report = opened.Show
}

// startServices sets up what they run in, and starts them.
func (g *Guest) startServices() error {
	network.TakeHostname()
	if err := g.closeKernel(); err != nil {
		return err
	}
	// a task or a parameter may have set them lower
	g.setLimits()
	if err := g.startFirewall(); err != nil {
		return err
	}
	g.runtime.LimitMemory(boot.MostMemory(boot.Memory("MemAvailable"), len(g.services.containers)))
	if err := g.startChecks(); err != nil {
		return err
	}
	g.services.begin()
	return nil
}

// afterwards is what can wait until the services run.
func (g *Guest) afterwards() {
	g.afterHealthy()
	g.loadLate()
	g.boundConnections()
	g.forgetModules()
	power.Watch(func() { g.ask(power.PowerOff) })
	for _, ended := range g.ended {
		g.runtime.Delete(ended)
	}
	g.startOwn()
	// from now on a small program is worth more than a fast one
	debug.SetGCPercent(40)
	debug.SetMemoryLimit(math.MaxInt64)
	debug.FreeOSMemory()
}
