package boot

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// endMark is the very last path of the image: the kernel boots on after an initramfs that did not fit into memory.
const endMark = "/lib/linuxkit/complete"

// IsWhole is whether the whole image was unpacked.
func IsWhole() bool {
	info, err := os.Stat(endMark)
	return err == nil && info.Size() > 0
}

// NotWhole says why it may not be. /proc is mounted.
func NotWhole() string {
	return fmt.Sprintf("the image was not unpacked whole: %d MiB of memory is too little for it, or it is damaged", Memory("MemTotal")>>20)
}

// MoveRoot: the kernel's first root has no parent mount, which pivot_root wants. Its bind on top of it has one.
func MoveRoot() error {
	if err := unix.Mount("/", "/mnt", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind of the root: %w", err)
	}
	if err := unix.Chdir("/mnt"); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move of the root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return err
	}
	return unix.Chdir("/")
}

// Memory is a line of /proc/meminfo, in bytes.
func Memory(key string) int64 {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if rest, found := strings.CutPrefix(lines.Text(), key+":"); found {
			kibibytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kibibytes << 10
		}
	}
	return 0
}

// MostMemory is what a service without a limit of its own may take of the memory that is free now: an eighth of it, and
// 8 MiB at least, stay with the machine, and half a MiB for each service, whose namespaces are the machine's.
func MostMemory(available int64, services int) int64 {
	reserve := max(available/8, 8<<20) + int64(services)<<19
	return max(available-reserve, 4<<20)
}
