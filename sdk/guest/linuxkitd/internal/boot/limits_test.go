package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSharedLimitsAreAboveWhatAllTakeTogether(t *testing.T) {
	const mostPages = "2147483647 2147483647 2147483647"
	const plenty = "9223372036854775807"
	for name, row := range map[string]struct {
		processes    int
		before, want map[string]string
	}{
		"a small machine": {
			3 * 1024,
			map[string]string{"kernel/threads-max": "1590", "kernel/pid_max": "32768", "fs/file-max": "20000", "fs/aio-max-nr": "65536", "kernel/pty/max": "4096"},
			map[string]string{"kernel/threads-max": "4096", "kernel/pid_max": "32768", "fs/file-max": plenty, "fs/aio-max-nr": "1073741824", "kernel/pty/max": "1048576"},
		},
		"limits that are higher already": {
			1024,
			map[string]string{"kernel/threads-max": "100000", "kernel/pid_max": "4194304", "fs/file-max": plenty, "fs/aio-max-nr": "18446744073709551615"},
			map[string]string{"kernel/threads-max": "100000", "kernel/pid_max": "4194304", "fs/file-max": plenty, "fs/aio-max-nr": "18446744073709551615"},
		},
		"more than the kernel numbers": {
			1 << 30,
			map[string]string{"kernel/threads-max": "1590", "kernel/pid_max": "32768"},
			map[string]string{"kernel/threads-max": "4194304", "kernel/pid_max": "4194304"},
		},
		"limits of each user": {
			1024,
			map[string]string{"fs/inotify/max_user_instances": "128", "fs/inotify/max_user_watches": "1200", "fs/epoll/max_user_watches": "50000", "fs/pipe-user-pages-soft": "16384"},
			map[string]string{"fs/inotify/max_user_instances": "2147483647", "fs/inotify/max_user_watches": "2147483647", "fs/epoll/max_user_watches": "1099511627776", "fs/pipe-user-pages-soft": "0"},
		},
		"limits of all sockets": {
			1024,
			map[string]string{"net/ipv4/tcp_mem": "7734\t10313\t15468", "net/ipv4/udp_mem": "15468\t20626\t30936", "net/ipv4/tcp_max_orphans": "4096"},
			map[string]string{"net/ipv4/tcp_mem": mostPages, "net/ipv4/udp_mem": mostPages, "net/ipv4/tcp_max_orphans": "2147483647"},
		},
		"neighbours of all networks": {
			1024,
			map[string]string{"net/ipv4/neigh/default/gc_thresh3": "1024", "net/ipv6/neigh/default/gc_thresh3": "1024"},
			map[string]string{"net/ipv4/neigh/default/gc_thresh3": "1048576", "net/ipv6/neigh/default/gc_thresh3": "1048576"},
		},
		"a kernel without one of them": {1024, map[string]string{"kernel/pid_max": "1000"}, map[string]string{"kernel/pid_max": "2048"}},
	} {
		parametersFolder = t.TempDir()
		for file, text := range row.before {
			path := filepath.Join(parametersFolder, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		RaiseLimits(row.processes)
		for file, want := range row.want {
			got, err := os.ReadFile(filepath.Join(parametersFolder, file))
			if err != nil || strings.TrimSpace(string(got)) != want {
				t.Errorf("%s: %s: got %q and %v", name, file, got, err)
			}
		}
		for _, file := range []string{"fs/file-max", pipePages, "net/ipv4/tcp_mem"} {
			if _, err := os.Stat(filepath.Join(parametersFolder, file)); row.before[file] == "" && err == nil {
				t.Errorf("%s: %s was made", name, file)
			}
		}
	}
}
