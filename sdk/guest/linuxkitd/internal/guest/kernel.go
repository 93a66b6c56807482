package guest

import (
	"maps"
	"slices"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/boot"
	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/modules"
	"pulumi-linuxkit/linuxkitd/internal/power"
)

const modulesFile = "/etc/modules.list"

// insertModules inserts what the boot needs; the modules of the firewall come while the tasks run.
func (g *Guest) insertModules() {
	wants := modules.Wants{Overlays: g.overlays, Random: !boot.RandomIsReady(), Firewall: g.machine.Firewall != nil}
	first, later, waiting := modules.Part(modules.ReadList(modulesFile), wants, modules.NeedsOf)
	g.waiting = waiting
	refused := modules.Insert(first)
	g.console.Say("modules", strings.Join(refused, " "))
	g.modules.Go(func() {
		_ = guard.Run("modules of the firewall", func() { g.refused = modules.Insert(later) })
	})
}

// closeKernel: when the tasks at boot have ended, so that none of them has the last word.
func (g *Guest) closeKernel() error {
	g.modules.Wait()
	parameters := g.machine.Parameters
	if parameters == nil {
		return nil
	}
	if len(parameters.Last) > 0 {
		g.loadLate()
	}
	if err := boot.SetParameters(parameters.Early); err != nil {
		return err
	}
	return boot.SetParameters(parameters.Last)
}

// loadLate inserts what can wait until services run. A kernel that is closed to modules by then has them already.
func (g *Guest) loadLate() {
	power.LoadDrivers()
	_ = modules.InsertLate(modules.Overlay)
	modules.Insert(g.waiting)
	if g.machine.Firewall != nil {
		// without the modules, as of another kernel, the rules are refused
		for _, name := range []string{"nf_conncount", "nft_connlimit"} {
			_ = modules.InsertLate(name)
		}
	}
}

// forgetModules frees the memory of the modules' files, where no container has them: nothing asks for one any more.
func (g *Guest) forgetModules() {
	last, err := container.ReadPhase("onshutdown")
	all := slices.Concat(g.tasks, last, slices.Collect(maps.Values(g.services.containers)))
	if err != nil || slices.ContainsFunc(all, func(c *container.Container) bool { return c.Sees(modules.Folder) }) {
		return
	}
	_ = modules.Forget(modules.ReadList(modulesFile))
}
