package guest

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/boot"
	"pulumi-linuxkit/linuxkitd/internal/console"
	"pulumi-linuxkit/linuxkitd/internal/container"
	"pulumi-linuxkit/linuxkitd/internal/description"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/network"
	"pulumi-linuxkit/linuxkitd/internal/secretfiles"
	"pulumi-linuxkit/linuxkitd/internal/volumes"
)

const machineFile = "/lib/linuxkit/machine.json"

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
