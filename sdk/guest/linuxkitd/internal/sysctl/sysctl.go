// Package sysctl sets kernel parameters, and fails where the kernel refuses one.
package sysctl

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// listLimit is the greatest size of a list of parameters.
const listLimit = 1 << 20

// Run sets the parameters that a file lists: `sysctl [FILE]`, /etc/sysctl.list by default.
// A line is a path below /proc/sys, a space and the value.
func Run(_ context.Context, args []string) error {
	list := "/etc/sysctl.list"
	if len(args) == 1 {
		list = args[0]
	} else if len(args) > 1 {
		return fmt.Errorf("sysctl: got %d words, wanted at most the file with the list", len(args))
	}
	file, err := os.Open(list)
	if err != nil {
		return fmt.Errorf("sysctl: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, listLimit+1))
	if err != nil || len(content) > listLimit {
		return fmt.Errorf("sysctl: %s cannot be read, or is longer than %d bytes", list, listLimit)
	}
	root, err := os.OpenRoot("/proc/sys")
	if err != nil {
		return fmt.Errorf("sysctl: %w", err)
	}
	defer root.Close()
	return set(root, content, os.Stdout)
}

// set writes each parameter in the list's order, and ends at the first that the kernel refuses.
func set(root *os.Root, list []byte, log io.Writer) error {
	for line := range bytes.Lines(list) {
		path, value, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if path == "" {
			continue
		}
		value = strings.TrimSpace(value)
		if _, err := root.Stat(path); err != nil {
			return fmt.Errorf("sysctl: this kernel has no %s", path)
		}
		file, err := root.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		if err == nil {
			// one write: the kernel takes a value as a whole
			_, err = file.WriteString(value + "\n")
			_ = file.Close()
		}
		if err != nil {
			return fmt.Errorf("sysctl: %s does not take %q", path, value)
		}
		fmt.Fprintf(log, "%s = %s\n", path, value)
	}
	return nil
}
