package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/filesystem"
)

// mounting is what a task is to mount, and where.
type mounting struct {
	// what is a device, or LABEL= and a label.
	what, path, kind string
	options          []string
	seconds          int
}

// parseMounting reads the words WHAT PATH TYPE OPTIONS SECONDS; OPTIONS are separated by commas and may be empty.
func parseMounting(words []string) (mounting, error) {
	seconds, err := parseSeconds(words[4])
	m := mounting{what: words[0], path: words[1], kind: words[2], seconds: seconds}
	if words[3] != "" {
		m.options = strings.Split(words[3], ",")
	}
	if !strings.HasPrefix(m.path, "/") || m.kind == "" {
		return m, fmt.Errorf("got %q, wanted a path and a filesystem's type", words[1:3])
	}
	return m, err
}

// mountWhen mounts a filesystem as soon as its device is there.
func (m *machine) mountWhen(ctx context.Context, given mounting) error {
	device := ""
	for left := given.seconds; ; left-- {
		if device = m.deviceOf(given.what); device != "" && m.isBlock(device) {
			break
		}
		if left <= 0 {
			return fmt.Errorf("no %s; there are: %s", given.what, strings.Join(m.filled(), " "))
		}
		if err := m.sleep(ctx, m.second); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(given.path, 0o755); err != nil {
		return err
	}
	flags, data := mountOptions(given.options)
	err := m.mount(device, given.path, given.kind, flags, data)
	if flags&unix.MS_RDONLY == 0 && (errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES)) {
		fmt.Fprintf(m.log, "mount: %s is write-protected, mounting read-only\n", device)
		err = m.mount(device, given.path, given.kind, flags|unix.MS_RDONLY, data)
	}
	if err != nil {
		return fmt.Errorf("mounting %s on %s failed: %w", device, given.path, err)
	}
	fmt.Fprintf(m.log, "mount: %s is at %s\n", device, given.path)
	return nil
}

// filled are the block devices that have a size.
func (m *machine) filled() []string {
	return slices.DeleteFunc(m.names("class/block"), func(name string) bool { return m.sectors(name) == 0 })
}

// deviceOf is the path of a device by its own name, or of the first one whose filesystem has the label.
func (m *machine) deviceOf(what string) string {
	label, isLabel := strings.CutPrefix(what, "LABEL=")
	if !isLabel {
		return what
	}
	for _, name := range m.filled() {
		if label != "" && m.label(name) == label {
			return m.device(name)
		}
	}
	return ""
}

func (m *machine) label(name string) string {
	file, err := os.Open(m.device(name))
	if err != nil {
		return ""
	}
	defer file.Close()
	return filesystem.Label(file)
}

func mount(device, path, kind string, flags uintptr, data string) error {
	return unix.Mount(device, path, kind, flags, data)
}
