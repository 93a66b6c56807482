package modules

import (
	"os"
	"path"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

// late are modules that wait until services run: the firmware device was read already, and the power button can wait.
var late = map[string]bool{"qemu_fw_cfg": true, "evdev": true, "button": true, "virtio_input": true}

// ofFirewall is whether a module is for links and rules of services: it can wait until the tasks at boot have ended.
func ofFirewall(name string) bool {
	return strings.HasPrefix(name, "nf_") || strings.HasPrefix(name, "nft_") || strings.HasPrefix(name, "nfnetlink") || name == "veth"
}

// Part divides a list into what the boot needs at once and what only the firewall does.
func Part(list []Module) (first, firewall []Module) {
	for _, module := range list {
		switch name := module.Name(); {
		case late[name]:
		case ofFirewall(name):
			firewall = append(firewall, module)
		default:
			first = append(first, module)
		}
	}
	return first, firewall
}

// workers is how many modules are inserted at once: a probe of a device may sleep.
const workers = 4

// Insert inserts modules, each after those that it needs, and gives the files that the kernel refused. One that is for
// devices waits for all before it, which may bring these.
func Insert(list []Module) []string {
	return insert(list, &Devices{Root: "/sys/bus"}, isLoaded, readModule, load)
}

func insert(list []Module, devices *Devices, loaded func(string) bool, read func(string) ([]byte, error), load func([]byte, string) error) []string {
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
		file, err := read(module.Path)
		if err != nil {
			refused[at] = true
			<-free
			continue
		}
		var needs []chan struct{}
		for _, name := range Needs(file) {
			if other := done[name]; other != nil {
				needs = append(needs, other)
			}
		}
		inserted := make(chan struct{})
		done[module.Name()] = inserted
		all.Go(func() {
			defer func() { <-free }()
			defer close(inserted)
			_ = guard.Run("the module "+module.Path, func() {
				// those that it needs come before it in the list, so they have a worker
				for _, other := range needs {
					<-other
				}
				refused[at] = load(file, module.Path) != nil
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

// isLoaded: the first stage of a root that is no initramfs has loaded what leads to the root.
func isLoaded(name string) bool {
	_, err := os.Stat("/sys/module/" + name)
	return err == nil
}

// mostModule is more than the largest module of any kernel.
const mostModule = 256 << 20

func readModule(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > mostModule {
		return nil, unix.EFBIG
	}
	return os.ReadFile(path)
}

// load gives the file's descriptor to the kernel, which unpacks a compressed one by itself.
func load(bytes []byte, path string) error {
	if !strings.HasSuffix(path, ".ko") {
		return loadPacked(path)
	}
	return unix.InitModule(bytes, "")
}

func loadPacked(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return unix.FinitModule(int(file.Fd()), "", unix.MODULE_INIT_COMPRESSED_FILE)
}

// InsertLate inserts one of the modules that wait, where the image has it.
func InsertLate(name string) error {
	file := "/lib/modules/" + name + ".ko"
	bytes, err := readModule(file)
	if err != nil {
		return err
	}
	return load(bytes, file)
}

// Remove takes a module away again.
func Remove(name string) error { return unix.DeleteModule(name, 0) }
