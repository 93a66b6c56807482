package guest

import (
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/power"
)

// shutDown stops the services, the slowest decides how long it takes; then the tasks of shutdown run.
func (g *Guest) shutDown(off power.Off) {
	g.console.Say("shutdown", string(off))
	if g.services.begun.Load() {
		g.services.stop()
	}
	if own := g.own.Load(); own != nil {
		own.stop()
	}
	_ = guard.Run("the tasks of shutdown", g.runLastTasks)
}

// powerOff ends every process, then the disks, then the machine.
func (g *Guest) powerOff(off power.Off) {
	g.ask(off)
	power.KillAll()
	power.UnmountDisks()
	g.console.Say("off")
	// not before the last byte of the console is out
	g.console.Drain()
	_ = power.End(off)
}
