package boot

import (
	"os"
	"strconv"
	"strings"
)

// sharedLimits are of the whole machine: one service that reaches one of them stops all others. What they bound is
// memory, which control groups bound for each service (sysctl/fs.rst, sysctl/kernel.rst and filesystems/devpts.rst of
// Linux's Documentation).
var sharedLimits = []struct {
	path string
	most int64
}{
	{"fs/file-max", 1<<63 - 1},
	{"fs/aio-max-nr", 1 << 30},
	// NR_UNIX98_PTY_MAX of linux/tty.h; each mount has a limit of its own
	{"kernel/pty/max", 1 << 20},
}

const (
	// for the kernel's threads, PID 1 and the runtimes that it starts
	spareProcesses = 1024
	// PID_MAX_LIMIT of linux/threads.h
	mostNumbers = 4 << 20
)

var parametersFolder = "/proc/sys"

// RaiseLimits lifts what all containers share above what they may take together, so that each meets its own limit first.
// A limit that is higher already stays, and so does one that this kernel does not have.
func RaiseLimits(processes int) {
	for _, limit := range sharedLimits {
		raise(limit.path, limit.most)
	}
	// a full table of processes is the end of PID 1, which cannot start a thread then
	wanted := min(int64(processes)+spareProcesses, mostNumbers)
	raise("kernel/threads-max", wanted)
	raise("kernel/pid_max", wanted)
}

func raise(parameter string, wanted int64) {
	file := parametersFolder + "/" + parameter
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	// more than an int64 is more than any of these
	now, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || now >= wanted {
		return
	}
	_ = os.WriteFile(file, []byte(strconv.FormatInt(wanted, 10)), 0)
}
