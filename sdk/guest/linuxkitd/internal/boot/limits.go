package boot

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
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
	// these are of all processes with one user id, which is 0 in every service by default; what they bound is charged to
	// the group of the process that makes it (inotify: inotify_new_group and its marks, epoll: ep_alloc, with GFP_KERNEL_ACCOUNT or
	// SLAB_ACCOUNT); INT_MAX is the most that the first two take, LONG_MAX / 4096 a bound of the third (fs/eventpoll.c)
	{"fs/inotify/max_user_instances", 1<<31 - 1},
	{"fs/inotify/max_user_watches", 1<<31 - 1},
	{"fs/epoll/max_user_watches", 1 << 40},
	// above it all closed connections that still have something to send are reset (networking/ip-sysctl.rst)
	{"net/ipv4/tcp_max_orphans", 1<<31 - 1},
	// the addresses of links that the machine looks for or knows, in all network namespaces (net/core/neighbour.c,
	// neigh_alloc). One service that sends to more addresses of the machine's own network than this stops all others from
	// reaching a new one. Its share of the connections bounds how many it looks for. An entry takes about half a kilobyte.
	{"net/ipv4/neigh/default/gc_thresh3", 1 << 20},
	{"net/ipv6/neigh/default/gc_thresh3", 1 << 20},
}

// socketLimits are pages that all sockets of the machine may hold: from which on they hold back nothing, hold back, and take no
// more (networking/ip-sysctl.rst, tcp_mem and udp_mem). One service at the third slows the connections of all others to a
// crawl. The pages are charged to the group of the socket too (net/core/sock.c, __sk_mem_raise_allocated), where they meet
// the service's own limit. The kernel counts them in an int or a long: the number is the most of the first.
var socketLimits = []string{"net/ipv4/tcp_mem", "net/ipv4/udp_mem"}

// pipePages are the pages of pipes that one user may have before each further pipe is cut to a page or two; 0 is no limit
// (pipe(7)). Their pages are charged to the group of the writer (fs/pipe.c, __GFP_ACCOUNT).
const pipePages = "fs/pipe-user-pages-soft"

// userLimits are of all processes with one user id too, and what they bound is charged or bounded elsewhere: processes
// by the group's own limit, signals that wait by the group's memory (kernel/signal.c, sigqueue_cachep), bytes of message
// queues by the limits of each namespace (ipc/mqueue.c, fs.mqueue). Containers inherit them from PID 1.
var userLimits = []int{unix.RLIMIT_NPROC, unix.RLIMIT_SIGPENDING, unix.RLIMIT_MSGQUEUE}

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
	for _, limit := range socketLimits {
		if file := parametersFolder + "/" + limit; unix.Access(file, unix.F_OK) == nil {
			_ = os.WriteFile(file, []byte("2147483647 2147483647 2147483647"), 0)
		}
	}
	// a full table of processes is the end of PID 1, which cannot start a thread then
	wanted := min(int64(processes)+spareProcesses, mostNumbers)
	raise("kernel/threads-max", wanted)
	raise("kernel/pid_max", wanted)
	if _, err := os.Stat(parametersFolder + "/" + pipePages); err == nil {
		_ = os.WriteFile(parametersFolder+"/"+pipePages, []byte("0"), 0)
	}
	for _, limit := range userLimits {
		_ = unix.Setrlimit(limit, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY})
	}
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
