package modules

import (
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

// Overlay is the module of overlay filesystems, the largest of all: it waits where no container is known to need it.
const Overlay = "overlay"

// late are modules that wait until services run: the firmware device was read already, the power button can wait, and so can
// what counts the services' connections.
var late = map[string]bool{"qemu_fw_cfg": true, "evdev": true, "button": true, "virtio_input": true, "nf_conncount": true, "nft_connlimit": true}

// ofFirewall is whether a module is for links and rules of services: it can wait until the tasks at boot have ended.
func ofFirewall(name string) bool {
	return strings.HasPrefix(name, "nf_") || strings.HasPrefix(name, "nft_") || strings.HasPrefix(name, "nfnetlink") || name == "veth"
}

// randomness is the driver of the host's random numbers, which a kernel with enough of its own does not wait for.
const randomness = "virtio_rng"

// Wants are what decides of modules that some machines need at once.
type Wants struct {
	// Overlays is whether a container mounts overlays before the machine is healthy.
	Overlays bool
	// Random is true while the kernel's random numbers are not ready: a program that asks for them waits.
	Random bool
	// Firewall is whether the machine has one. Its modules are then loaded by themselves, later than the rest.
	Firewall bool
}

// Part divides a list into what the boot needs at once, what only the firewall does, and what can wait. Those that others
// insert by name are in none of them. Each part keeps the order of the list, in which a module comes after those that it
// needs, and what needs a module of the firewall comes with them: needs gives the names of what a module needs.
func Part(list []Module, wants Wants, needs func(Module) []string) (first, firewall, waiting []Module) {
	later := map[string]bool{}
	needsLater := func(module Module) bool {
		return len(later) > 0 && len(module.Patterns) == 0 && slices.ContainsFunc(needs(module), func(name string) bool { return later[name] })
	}
	for _, module := range list {
		switch name := module.Name(); {
		case late[name] || name == Overlay && !wants.Overlays:
		case name == randomness && !wants.Random:
			waiting = append(waiting, module)
		case wants.Firewall && (ofFirewall(name) || needsLater(module)):
			later[name] = true
			firewall = append(firewall, module)
		default:
			first = append(first, module)
		}
	}
	return first, firewall, waiting
}

// NeedsOf are the modules that a module's file names.
func NeedsOf(module Module) []string {
	file, err := open(module.Path)
	if err != nil {
		return nil
	}
	defer file.Close()
	needs, aliases := Needs(file)
	return append(needs, aliases...)
}

// workers is how many modules are inserted at once: a probe of a device may sleep.
const workers = 4

// Insert inserts modules, each after those that it needs, and gives the files that the kernel refused. One that is for
// devices waits for all before it, which may bring these.
func Insert(list []Module) []string {
	return insert(list, &Devices{Root: "/sys/bus"}, isLoaded, open, load)
}

func insert(list []Module, devices *Devices, loaded func(string) bool, open func(string) (*os.File, error), load func(*os.File) error) []string {
	refused := make([]bool, len(list))
	done := make(map[string]chan struct{}, len(list))
	free := make(chan struct{}, workers)
	var all sync.WaitGroup
	for at, module := range list {
		if loaded(module.Name()) {
			continue
		}
		if len(module.Patterns) > 0 {
			all.Wait()
			if !devices.Wanted(module.Patterns) {
				continue
			}
		}
		free <- struct{}{}
		file, err := open(module.Path)
		if err != nil {
			refused[at] = true
			<-free
			continue
		}
		needs := neededOf(file, done)
		inserted := make(chan struct{})
		done[module.Name()] = inserted
		all.Go(func() {
			defer func() { <-free }()
			defer close(inserted)
			defer file.Close()
			_ = guard.Run("the module "+module.Path, func() {
				// those that it needs come before it in the list, so they have a worker
				for _, other := range needs {
					<-other
				}
				refused[at] = load(file) != nil
			})
		})
	}
	all.Wait()
	var names []string
	for at, module := range list {
		if refused[at] {
			names = append(names, path.Base(module.Path))
		}
	}
	return names
}

// neededOf are those of the modules before it that a module waits for. An alias that is no module's name may be of any of them.
func neededOf(file *os.File, before map[string]chan struct{}) []chan struct{} {
	names, aliases := Needs(file)
	var needs []chan struct{}
	for _, name := range names {
		if other := before[name]; other != nil {
			needs = append(needs, other)
		}
	}
	for _, alias := range aliases {
		other := before[alias]
		if other == nil {
			return slices.Collect(maps.Values(before))
		}
		needs = append(needs, other)
	}
	return needs
}

// isLoaded: the first stage of a root that is no initramfs has loaded what leads to the root.
func isLoaded(name string) bool {
	_, err := os.Stat("/sys/module/" + name)
	return err == nil
}

// mostModule is more than the largest module of any kernel, in bytes.
const mostModule = 256 << 20

func open(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || info.Size() > mostModule {
		file.Close()
		return nil, unix.EFBIG
	}
	return file, nil
}

// load gives the file's descriptor to the kernel, which reads it, and unpacks a compressed one by itself.
func load(file *os.File) error {
	flags := 0
	if !strings.HasSuffix(file.Name(), ".ko") {
		flags = unix.MODULE_INIT_COMPRESSED_FILE
	}
	return unix.FinitModule(int(file.Fd()), "", flags)
}

// InsertLate inserts one of the modules that wait, where the image has it.
func InsertLate(name string) error {
	file, err := open("/lib/modules/" + name + ".ko")
	if err != nil {
		return err
	}
	defer file.Close()
	return load(file)
}

// Remove takes a module away again.
func Remove(name string) error { return unix.DeleteModule(name, 0) }
