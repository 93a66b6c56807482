// Package chrony starts chrony with the best time source of the machine that it runs on.
package chrony

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// paths of the container; the settings include the sources, and /run is empty at each start.
const (
	server   = "/usr/sbin/chronyd"
	settings = "/etc/chrony/chrony.conf"
	sources  = "/run/sources.conf"
)

// Run writes the machine's own sources and becomes chronyd: `chrony auto|aws|gcp|azure`. With auto, the firmware names the cloud.
func Run(_ context.Context, args []string) error {
	if len(args) != 1 || !slices.Contains([]string{"auto", aws, gcp, azure}, args[0]) {
		return fmt.Errorf("chrony: got %q, wanted auto, aws, gcp or azure", args)
	}
	cloud := args[0]
	if cloud == "auto" {
		cloud = cloudOf("/sys/class/dmi/id")
	}
	lines := sourcesOf(cloud, exists)
	report(os.Stdout, cloud, lines)
	if err := os.WriteFile(sources, []byte(strings.Join(append(lines, ""), "\n")), 0o644); err != nil {
		return fmt.Errorf("chrony: %w", err)
	}
	return fmt.Errorf("%s: %w", server, unix.Exec(server, []string{server, "-d", "-f", settings}, os.Environ()))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// report says what is asked before the sources of the settings.
func report(log io.Writer, cloud string, lines []string) {
	if len(lines) == 0 {
		lines = []string{"no source of its own"}
	}
	if cloud == "" {
		cloud = "no known cloud"
	}
	fmt.Fprintf(log, "chrony: on %s: %s\n", cloud, strings.Join(lines, "; "))
}
