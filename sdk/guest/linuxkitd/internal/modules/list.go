// Package modules inserts kernel modules in the order that the build worked out.
package modules

import (
	"bufio"
	"io"
	"os"
	"path"
	"strings"
)

// Module is a line of /etc/modules.list.
type Module struct {
	// Path of its file.
	Path string
	// Patterns of devices: with any of them the module stays out when the machine has no such device.
	Patterns []string
}

// Name of the module as the kernel has it: files may have hyphens where it has underscores.
func (m Module) Name() string {
	name, _, _ := strings.Cut(path.Base(m.Path), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// List reads the lines of a list.
func List(from io.Reader) []Module {
	var list []Module
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) > 0 {
			list = append(list, Module{Path: words[0], Patterns: words[1:]})
		}
	}
	return list
}

// ReadList reads the list at a path; without the file it is empty.
func ReadList(path string) []Module {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	return List(file)
}
