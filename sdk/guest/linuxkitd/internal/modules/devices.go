package modules

import (
	"os"
	"path/filepath"
	"strings"
)

// processor is the bus of patterns for features of the processor.
const processor = "cpu"

// Devices are the machine's, by the bus that their patterns begin with.
type Devices struct {
	// Root is the folder of buses: /sys/bus.
	Root  string
	names map[string][]string
}

// Wanted is whether a module with these patterns has a device here. Those of virtio exist when its own driver is in.
func (d *Devices) Wanted(patterns []string) bool {
	if len(patterns) == 0 {
		return true
	}
	for _, pattern := range patterns {
		bus, _, _ := strings.Cut(pattern, ":")
		for _, name := range d.of(strings.TrimSuffix(bus, "*")) {
			if matches(pattern, name) {
				return true
			}
		}
	}
	return false
}

func (d *Devices) of(bus string) []string {
	if names, known := d.names[bus]; known {
		return names
	}
	names := []string{}
	files, _ := filepath.Glob(filepath.Join(d.Root, bus, "devices", "*", "modalias"))
	if bus == processor {
		// one file for all of them (Linux, drivers/base/cpu.c, print_cpu_modalias)
		files = []string{filepath.Join(filepath.Dir(d.Root), "devices/system/cpu/modalias")}
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			names = append(names, strings.TrimSpace(string(text)))
		}
	}
	if d.names == nil {
		d.names = map[string][]string{}
	}
	d.names[bus] = names
	return names
}

// matches is fnmatch(3) for the patterns of modules, which have "*" and "?" and sets.
func matches(pattern, name string) bool {
	// a slash is a letter like any other in the name of a device
	const slash = "\x01"
	matched, err := filepath.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(name, "/", slash))
	return err == nil && matched
}
