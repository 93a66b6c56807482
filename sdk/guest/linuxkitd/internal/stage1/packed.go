package stage1

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/modules"
)

const (
	// packedRoot is a squashfs that this initramfs carries. It stays packed in memory.
	packedRoot  = "/root.squashfs"
	loopControl = "/dev/loop-control"
)

// attach makes the packed root a block device, from which its filesystem reads. No path leads to its file any more then:
// the memory is the device's, and goes with it.
func attach() (device, error) {
	refused := modules.Insert(modules.ReadList(modulesFile))
	if !exists(loopControl) {
		return device{}, fmt.Errorf("the root stays packed, and the kernel has no loop devices to read it: wanted its module loop (the kernel refused %q)", refused)
	}
	path, err := attachTo(loopControl, packedRoot)
	if err != nil {
		return device{}, fmt.Errorf("no loop device for the packed root: %w", err)
	}
	if err := os.Remove(packedRoot); err != nil {
		return device{}, err
	}
	return identify(path), nil
}

// attachTo gives the loop device that reads a file (drivers/block/loop.c, loop_configure). It ends with its last use.
func attachTo(control, file string) (string, error) {
	opened, err := os.Open(control)
	if err != nil {
		return "", err
	}
	defer opened.Close()
	number, err := unix.IoctlRetInt(int(opened.Fd()), unix.LOOP_CTL_GET_FREE)
	if err != nil {
		return "", err
	}
	backing, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer backing.Close()
	path := "/dev/loop" + strconv.Itoa(number)
	// open until this program becomes the root's init: without a user, the kernel would take the file from the device
	loop, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	config := unix.LoopConfig{Fd: uint32(backing.Fd())}
	config.Info.Flags = unix.LO_FLAGS_READ_ONLY | unix.LO_FLAGS_AUTOCLEAR
	copy(config.Info.File_name[:], file)
	if err := unix.IoctlLoopConfigure(loop, &config); err != nil {
		return "", errors.Join(err, unix.Close(loop))
	}
	return path, removeOthers(int(opened.Fd()), number)
}

// removeOthers takes away the loop devices that the kernel makes when the module comes (CONFIG_BLK_DEV_LOOP_MIN_COUNT): each holds
// a queue. A program that asks for a free one gets a new one.
func removeOthers(control, own int) error {
	folders, err := filepath.Glob("/sys/block/loop*")
	if err != nil {
		return err
	}
	for _, folder := range folders {
		number, err := strconv.Atoi(filepath.Base(folder)[len("loop"):])
		if err != nil || number == own {
			continue
		}
		// one that is in use stays
		_ = unix.IoctlSetInt(control, unix.LOOP_CTL_REMOVE, number)
	}
	return nil
}
