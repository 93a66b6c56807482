package guest

import (
	"fmt"
	"maps"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/boot"
	"pulumi-linuxkit/linuxkitd/internal/console"
	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/description"
	"pulumi-linuxkit/linuxkitd/internal/firewall"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/modules"
	"pulumi-linuxkit/linuxkitd/internal/network"
	"pulumi-linuxkit/linuxkitd/internal/power"
	"pulumi-linuxkit/linuxkitd/internal/secretfiles"
	"pulumi-linuxkit/linuxkitd/internal/volumes"
)

const (
	machineFile  = "/lib/linuxkit/machine.json"
	modulesFile  = "/etc/modules.list"
	consoleFile  = "/dev/console"
	resolverFile = "/etc/resolv.conf"
)

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

func (g *Guest) bringUp() error {
	began := console.Now()
	whole := boot.IsWhole()
	if whole {
		if err := boot.MoveRoot(); err != nil {
			return g.early(err)
		}
	}
	for _, mounted := range []func() error{boot.MountProc, boot.MountDev} {
		if err := mounted(); err != nil {
			return g.early(err)
		}
	}
	if !whole {
		_ = unix.Mount("sysfs", "/sys", "sysfs", 0, "")
		g.openConsole(boot.ReadNonce())
		return fmt.Errorf("%s", boot.NotWhole())
	}
	// a kernel may lack one of these filesystems
	lacking := boot.MountBase()
	g.openConsole(boot.ReadNonce())
	if lacking != nil {
		_ = os.WriteFile("/run/log/init.log", []byte(lacking.Error()+"\n"), 0o644)
	}
	// no container starts before the firmware device is out of reach
	defer g.firmware.Wait()
	if err := g.readDescriptions(began); err != nil {
		return err
	}
	return g.setUp()
}

// early is a failure before there is a console.
func (g *Guest) early(err error) error {
	g.openConsole("-")
	return err
}

// readDescriptions reads what the build and QEMU say of this machine.
func (g *Guest) readDescriptions(began string) error {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	bootID, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	// for containers that would tell which boot they belong to: a file of /proc has no size, and servers send nothing of it
	if err := os.WriteFile("/run/linuxkit/boot_id", bootID, 0o644); err != nil {
		return err
	}
	g.console.SayAt(began, "kernel", strings.TrimSpace(string(release)), strings.TrimSpace(string(bootID)))
	g.console.SayAt(began, "init")
	machine, err := description.ReadMachine(machineFile)
	if err != nil {
		return err
	}
	g.machine = machine
	if err := boot.LinkShared(machine.Shared); err != nil {
		return err
	}
	services, err := container.ReadPhase("services")
	if err != nil {
		return err
	}
	if g.tasks, err = container.ReadPhase("onboot"); err != nil {
		return err
	}
	g.overlays = volumes.Overlays() || slices.ContainsFunc(slices.Concat(g.tasks, services), (*container.Container).Overlays)
	for _, service := range services {
		if len(service.Service.Secrets) > 0 {
			if err := secretfiles.Make(service.Name); err != nil {
				return err
			}
		}
	}
	g.services = newSupervisor(g, services, false)
	if err := boot.ReadFirmware(); err != nil {
		return fmt.Errorf("the firmware device: %w", err)
	}
	g.member = boot.ReadNetwork()
	names := boot.ReadNames()
	g.firmware.Go(func() { _ = guard.Run("the firmware device", boot.RemoveFirmware) })
	if g.runtime, err = container.FindRuntime(g.children); err != nil {
		return err
	}
	last, err := container.ReadPhase("onshutdown")
	if err != nil {
		return err
	}
	g.runtime.KnowNames(names)
	g.runtime.KnowSources(slices.Concat(g.tasks, services, last))
	return nil
}

// setUp prepares kernel, root, network and volumes.
func (g *Guest) setUp() error {
	parameters := g.machine.Parameters
	if parameters != nil {
		if err := boot.SetParameters(parameters.Early); err != nil {
			return err
		}
	}
	g.insertModules()
	boot.CloseUserNamespaces()
	if err := boot.SealRoot(); err != nil {
		return fmt.Errorf("the root cannot be made read-only: %w", err)
	}
	g.console.Say("mounts")
	g.setLimits()
	boot.UseLowMemory()
	if err := network.Start(); err != nil {
		return fmt.Errorf("the loopback link: %w", err)
	}
	if err := g.join(); err != nil {
		return fmt.Errorf("the network of the stack: %w", err)
	}
	// Ctrl-Alt-Del, and what s390x has for a power button, become an INT instead of the machine's end on the spot
	_ = os.WriteFile("/proc/sys/kernel/ctrl-alt-del", []byte("0"), 0)
	g.serveInterface()
	return volumes.Mount()
}

// join gives the machine its address in a network of its stack, before the first task.
func (g *Guest) join() error {
	if g.member == "" {
		return nil
	}
	network.TakeHostname()
	member, err := network.ParseMember(g.member)
	if err != nil {
		return err
	}
	return network.Join(member)
}

// setLimits sets what containers inherit, and what they share. A program that needs more files than select(2) takes raises
// its own limit, and a definition may set another.
func (g *Guest) setLimits() {
	_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1024, Max: 65536})
	boot.RaiseLimits(g.services.processes() + container.MostProcesses)
}

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

// boundConnections waits until services run: what it bounds takes them a while to fill.
func (g *Guest) boundConnections() {
	if g.machine.Firewall == nil {
		return
	}
	if err := firewall.Bound(g.machine.Firewall); err != nil {
		g.console.Show("the connections of the services are not bounded: " + err.Error())
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

func (g *Guest) startFirewall() error {
	if g.machine.Firewall == nil {
		return nil
	}
	servers := network.NameServers(resolverFile)
	hosts, err := network.Hosts(servers)
	if err != nil {
		return fmt.Errorf("the machine's routers cannot be listed: %w", err)
	}
	err = firewall.Start(g.machine.Firewall, firewall.Outside{Servers: servers, Hosts: hosts})
	if err == nil {
		return nil
	}
	lacking := ""
	if len(g.refused) > 0 {
		lacking = "; the kernel refused " + strings.Join(g.refused, ", ")
	}
	return fmt.Errorf("the firewall cannot be set up: %w%s", err, lacking)
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
