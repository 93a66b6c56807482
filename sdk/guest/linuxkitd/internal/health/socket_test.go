package health

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestHTTPSocket(t *testing.T) {
	outside, inside := t.TempDir(), t.TempDir()
	answering(t, "unix", filepath.Join(outside, "machine.sock"), says("HTTP/1.1 200 OK\r\n\r\n"))
	answering(t, "unix", filepath.Join(inside, "app.sock"), says("HTTP/1.1 200 OK\r\n\r\n"))
	answering(t, "unix", filepath.Join(inside, "other.sock"), says("HTTP/1.1 500 No\r\n\r\n"))
	answering(t, "unix", filepath.Join(inside, "silent.sock"), func(net.Conn) { time.Sleep(10 * time.Second) })
	for name, target := range map[string]string{
		"link.sock": "/app.sock", "out.sock": filepath.Join(outside, "machine.sock"), "up.sock": "../../../../../.." + outside + "/machine.sock",
	} {
		if err := os.Symlink(target, filepath.Join(inside, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(inside, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(inside, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenFile(inside, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, why := range map[string]string{
		"/app.sock": "", "/link.sock": "", "/./app.sock": "",
		"/other.sock":  "answered with status 500, not 200",
		"/silent.sock": "no answer within 0.5 s",
		"/file":        "there is no socket",
		"/pipe":        "there is no socket",
		"/missing":     "no such file or directory",
		"/out.sock":    "no such file or directory",
		"/up.sock":     "no such file or directory",
	} {
		err := HTTPSocket(root, name, "/", 200, 500*time.Millisecond)
		if (why == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), why)) {
			t.Errorf("%s: got %v, wanted %q", name, err, why)
		}
	}
}
