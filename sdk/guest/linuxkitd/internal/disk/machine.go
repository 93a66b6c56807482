// Package disk finds, formats, grows and mounts the machine's disks.
//
// It may read every block device, for only there is it seen which one is meant. The programs that write
// run where no other device is in sight. Debian's sfdisk and e2fsprogs do the writing.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/filesystem"
)

// fileLimit is the greatest size of a file of the kernel's that is read.
const fileLimit = 64 << 10

// machine is where disks are seen, and what runs programs on them.
type machine struct {
	// sys, dev and known are folders: the kernel's, that of devices, and that of the serials that a cloud gave.
	sys, dev, known string
	// alone calls work where the named device is the only one in sight, at /dev/NAME.
	alone func(name string, work func() error) error
	// run runs a program with that input, and returns what it printed.
	run func(input string, words ...string) (output, error)
	// isBlock reports whether a path is that of a block device.
	isBlock func(path string) bool
	// growMounted runs a program while the ext4 filesystem of a device is mounted.
	growMounted func(device string) error
	// mount mounts a device.
	mount func(device, path, kind string, flags uintptr, data string) error
	// second is the pause between two looks; tests make it short.
	second time.Duration
	// log is for what was done, errors for what programs complain of.
	log, errors io.Writer
}

func newMachine() *machine {
	return &machine{
		sys: "/sys", dev: "/dev", known: "/run/config/disks",
		alone: alone, run: run, isBlock: isBlock, growMounted: growMounted, mount: mount,
		second: time.Second, log: os.Stdout, errors: os.Stderr,
	}
}

func isBlock(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&(fs.ModeDevice|fs.ModeCharDevice) == fs.ModeDevice
}

// names lists a folder of the kernel's in the order of names.
func (m *machine) names(folder string) []string {
	entries, _ := os.ReadDir(filepath.Join(m.sys, folder))
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// word is the content of one of the kernel's files without the space around it; empty where it cannot be read.
func (m *machine) word(parts ...string) string {
	return strings.TrimSpace(read(filepath.Join(append([]string{m.sys}, parts...)...)))
}

func read(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	content, _ := io.ReadAll(io.LimitReader(file, fileLimit))
	return string(content)
}

func (m *machine) number(parts ...string) uint64 {
	number, _ := strconv.ParseUint(m.word(parts...), 10, 63)
	return number
}

// sectors is the size of a disk or partition, each of 512 bytes.
func (m *machine) sectors(name string) uint64 { return m.number("class/block", name, "size") }

func (m *machine) exists(parts ...string) bool {
	_, err := os.Stat(filepath.Join(append([]string{m.sys}, parts...)...))
	return err == nil
}

func (m *machine) device(name string) string { return filepath.Join(m.dev, name) }

// ext reads what a device says of its ext2 to ext4 filesystem.
func (m *machine) ext(name string) (filesystem.Ext, bool) {
	file, err := os.Open(m.device(name))
	if err != nil {
		return filesystem.Ext{}, false
	}
	defer file.Close()
	return filesystem.ReadExt(file)
}

// parent is the disk of a partition and the partition's number; of a whole disk itself and no number.
func (m *machine) parent(name string) (disk, number string) {
	if !m.exists("class/block", name, "partition") {
		return name, ""
	}
	folder, err := filepath.EvalSymlinks(filepath.Join(m.sys, "class/block", name))
	if err != nil {
		return name, ""
	}
	return filepath.Base(filepath.Dir(folder)), m.word("class/block", name, "partition")
}

// await waits for five seconds until something is so.
func (m *machine) await(ctx context.Context, isSo func() bool) error {
	for tries := 0; !isSo(); tries++ {
		if tries == 50 {
			return errors.New("it did not come")
		}
		if err := m.sleep(ctx, m.second/10); err != nil {
			return err
		}
	}
	return nil
}

// awaitNode waits for a device: the kernel reads a changed partition table again, and removes and adds its devices.
func (m *machine) awaitNode(ctx context.Context, name string) error {
	if err := m.await(ctx, func() bool { return m.isBlock(m.device(name)) }); err != nil {
		return fmt.Errorf("the kernel shows no /dev/%s", name)
	}
	return nil
}

func (m *machine) sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

// runAlone runs a program that writes where only the named device is in sight.
func (m *machine) runAlone(name, input string, words ...string) error {
	return m.alone(name, func() error {
		said, err := m.run(input, words...)
		said.copyTo(m.log, m.errors)
		return err
	})
}
