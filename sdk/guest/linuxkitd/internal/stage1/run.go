// Package stage1 is PID 1 until the root is mounted: a small initramfs that mounts a root too large for one, or one that it
// carries packed, and hands over to its own init. It loads drivers, waits for the device, puts memory over it that may be
// written, and gives way to /init of the root, for which all is as in an initramfs.
package stage1

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/console"
	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/modules"
	"pulumi-linuxkit/linuxkitd/internal/power"
)

const (
	// knownFile names, a line each, the roots that the build wrote: the kind of filesystem and four bytes that tell this
	// image from another.
	knownFile   = "/etc/root"
	modulesFile = "/etc/modules.list"
	lower       = "/lower"
	upper       = "/upper"
	root        = "/root"
)

// Is is whether this initramfs is a first stage.
func Is() bool {
	_, err := os.Stat(knownFile)
	return err == nil && !exists("/lib/linuxkit/complete")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Main mounts the root and becomes its init. It never comes back.
func Main() {
	why := error(nil)
	if err := guard.Run("the first stage", func() { why = run() }); err != nil {
		why = err
	}
	fail(why)
	for {
		time.Sleep(time.Hour)
	}
}

// fail ends the machine: the console is kept by a machine that is off.
func fail(why error) {
	opened, err := console.Open("/dev/console", "-")
	if err == nil {
		opened.Say("failed", why.Error())
		opened.Drain()
	}
	_ = power.End(power.PowerOff)
}

func run() error {
	for _, kernel := range [][2]string{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}} {
		if err := unix.Mount(kernel[0], kernel[1], kernel[0], 0, ""); err != nil {
			return fmt.Errorf("%s: %w", kernel[1], err)
		}
	}
	options, err := readOptions()
	if err != nil {
		return err
	}
	find := func() (device, error) { return await(options) }
	if exists(packedRoot) {
		find = attach
	}
	found, err := find()
	if err != nil {
		return err
	}
	if err := mountRoot(found, options.writable); err != nil {
		return err
	}
	return handOver()
}

// options are the words of the command line that are for the first stage.
type options struct {
	wanted   string
	limit    time.Duration
	writable string
}

func readOptions() (options, error) {
	read := options{limit: 30 * time.Second, writable: "50%"}
	text, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return read, err
	}
	for word := range strings.FieldsSeq(string(text)) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "root":
			read.wanted = value
		case "linuxkit.overlay":
			read.writable = value
		case "linuxkit.rootwait":
			seconds, err := strconv.ParseUint(value, 10, 31)
			if err != nil {
				return read, fmt.Errorf("linuxkit.rootwait: got '%s', wanted whole seconds", value)
			}
			read.limit = time.Duration(seconds) * time.Second
		}
	}
	return read, nil
}

// await waits for the device of the root.
func await(options options) (device, error) {
	known, _ := os.ReadFile(knownFile)
	search := search{devices: "/dev", blocks: "/sys/class/block", wanted: options.wanted, known: string(known)}
	list := modules.ReadList(modulesFile)
	modules.Insert(list)
	began, said := time.Now(), false
	for {
		found, seen, ok := search.find()
		if ok {
			return found, nil
		}
		waited := time.Since(began)
		if waited >= options.limit {
			return device{}, fmt.Errorf("no root after %d s (linuxkit.rootwait=SECONDS waits longer): wanted %s, found %s%s", int(waited.Seconds()), search.describeWanted(), orElse(seen, "no disk"), withoutDriver("/sys/bus/pci/devices"))
		}
		if waited >= 2*time.Second {
			if !said {
				said = true
				tell(fmt.Sprintf("linuxkit: waiting for the root %s; there is %s\n", orElse(options.wanted, "that this image was built with"), orElse(seen, "no disk")))
			}
			// all of them, when the root is not found among the devices that are known
			for at := range list {
				list[at].Patterns = nil
			}
		}
		modules.Insert(list)
		time.Sleep(100 * time.Millisecond)
	}
}

func tell(text string) {
	if file, err := os.OpenFile("/dev/console", os.O_WRONLY|unix.O_NOCTTY, 0); err == nil {
		_, _ = file.WriteString(console.Plain(text, console.LongestMessage) + "\n")
		file.Close()
	}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// withoutDriver is what a person must know who sees no root: which controllers of disks have no driver.
func withoutDriver(pci string) string {
	var text strings.Builder
	folders, _ := filepath.Glob(pci + "/*")
	for _, folder := range folders {
		if exists(folder + "/driver") {
			continue
		}
		class, _ := os.ReadFile(folder + "/class")
		switch word := strings.TrimSpace(string(class)); {
		case strings.HasPrefix(word, "0x0106"):
			text.WriteString(`, a SATA controller that this kernel has no driver for (debian.kernel({ flavour: "generic" }) has it)`)
		case strings.HasPrefix(word, "0x01"):
			fmt.Fprintf(&text, ", a disk controller (%s, class %s) without a driver", filepath.Base(folder), word)
		}
	}
	return text.String()
}

func mountRoot(found device, writable string) error {
	if err := mountLower(found); err != nil {
		return err
	}
	if info, err := os.Lstat(lower + "/init"); err != nil || info.Mode()&0o111 == 0 && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("the root on %s (%s) has no /init: it is no system, or damaged", found.path, found.kind)
	}
	if err := unix.Mount("tmpfs", upper, "tmpfs", 0, "mode=755,size="+writable); err != nil {
		return fmt.Errorf("linuxkit.overlay: got '%s', wanted a size that tmpfs takes, such as 64m or 25%%", writable)
	}
	for _, folder := range []string{upper + "/files", upper + "/work"} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
	}
	if err := unix.Mount("overlay", root, "overlay", 0, "lowerdir="+lower+",upperdir="+upper+"/files,workdir="+upper+"/work"); err != nil {
		return fmt.Errorf("no writable layer on the root: %w", err)
	}
	return nil
}

// mountLower tries every filesystem of the kernel where the kind is unknown.
func mountLower(found device) error {
	kinds := []string{found.kind}
	if found.kind == "" {
		kinds = kernelKinds("/proc/filesystems")
	}
	err := error(unix.ENODEV)
	for _, kind := range kinds {
		if err = unix.Mount(found.path, lower, kind, unix.MS_RDONLY, ""); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the root on %s (%s) cannot be mounted: %s; the image is damaged, or cut short", found.path, orElse(found.kind, "no filesystem known"), orElse(lastKernelLine(), err.Error()))
}

func kernelKinds(path string) []string {
	text, _ := os.ReadFile(path)
	var kinds []string
	for line := range strings.Lines(string(text)) {
		if kind, found := strings.CutPrefix(strings.TrimRight(line, "\n"), "\t"); found {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// lastKernelLine is what the kernel said last, without its level and time.
func lastKernelLine() string {
	buffer := make([]byte, 64<<10)
	const readAll = 3 // SYSLOG_ACTION_READ_ALL
	read, err := unix.Klogctl(readAll, buffer)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimRight(string(buffer[:read]), "\n"), "\n")
	line := lines[len(lines)-1]
	if _, rest, found := strings.Cut(line, ">"); found && strings.HasPrefix(line, "<") {
		line = rest
	}
	return console.Plain(line, 300)
}

// handOver frees the memory of this initramfs, makes the root the root, and becomes its init.
func handOver() error {
	for _, folder := range []string{"/dev", "/sys", "/proc"} {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
	}
	if err := empty("/"); err != nil {
		return err
	}
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move of the root: %w", err)
	}
	if err := errors.Join(unix.Chroot("."), unix.Chdir("/")); err != nil {
		return err
	}
	return unix.Exec("/init", []string{"/init"}, os.Environ())
}

// empty removes the files of this initramfs, and nothing that is mounted.
func empty(folder string) error {
	var own unix.Stat_t
	if err := unix.Lstat("/", &own); err != nil {
		return err
	}
	return emptyOn(folder, own.Dev)
}

func emptyOn(folder string, device uint64) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		var info unix.Stat_t
		if unix.Lstat(path, &info) != nil || info.Dev != device {
			continue
		}
		if entry.IsDir() {
			_ = emptyOn(path, device)
			_ = unix.Rmdir(path)
		} else {
			_ = unix.Unlink(path)
		}
	}
	return nil
}
