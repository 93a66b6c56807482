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

func askersIn(t *testing.T) (*Askers, string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "askers")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	askers, err := ListenAskers(folder, os.Getuid())
	if err != nil {
		t.Fatal(err)
	}
	return askers, filepath.Join(folder, SocketName)
}

func join(t *testing.T, socket string) *net.UnixConn {
	t.Helper()
	connection, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection.(*net.UnixConn)
}

// the program at the other end speaks to what may be hostile, so PID 1 takes from it what it likes
func TestWhatTheProgramForTLSDoes(t *testing.T) {
	for name, row := range map[string]struct {
		do  func(*net.UnixConn)
		why string
	}{
		"passed":           {func(c *net.UnixConn) { _, _, _ = TakeQuestion(c); _, _ = c.Write([]byte(Passed)) }, ""},
		"a reason":         {func(c *net.UnixConn) { _, _, _ = TakeQuestion(c); _, _ = c.Write([]byte("because")) }, "because"},
		"an end":           {func(c *net.UnixConn) { _, _, _ = TakeQuestion(c) }, "ended during the check"},
		"an end at once":   {func(*net.UnixConn) {}, "does not run"},
		"passed, and more": {func(c *net.UnixConn) { _, _, _ = TakeQuestion(c); _, _ = c.Write([]byte(Passed + "x")) }, "ok\nx"},
		"an answer early":  {func(c *net.UnixConn) { _, _ = c.Write([]byte(Passed)); _, _, _ = TakeQuestion(c) }, ""},
		"silence":          {func(c *net.UnixConn) { _, _, _ = TakeQuestion(c); time.Sleep(3 * time.Second) }, "no answer within 0.3 s"},
		"an answer that goes on": {func(c *net.UnixConn) {
			_, _, _ = TakeQuestion(c)
			for {
				if _, err := c.Write([]byte(strings.Repeat("x", 1000))); err != nil {
					return
				}
			}
		}, strings.Repeat("x", 1024)},
	} {
		t.Run(name, func(t *testing.T) {
			askers, socket := askersIn(t)
			port := serve(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
			program := join(t, socket)
			go func() {
				row.do(program)
				program.Close()
			}()
			err := askers.HTTPS(nil, port, Question{}, 300*time.Millisecond)
			if (row.why == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), row.why)) || (err != nil && len(err.Error()) > 1100) {
				t.Errorf("got %v, wanted %q", err, row.why)
			}
		})
	}
}

func TestAConnectionThatEndedWhileItWaitedIsPassedOver(t *testing.T) {
	askers, socket := askersIn(t)
	port := serve(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	for range 3 {
		join(t, socket).Close()
	}
	program := join(t, socket)
	go func() {
		question, connection, err := TakeQuestion(program)
		if err == nil && question.Path == "/livez" {
			connection.Close()
			_, _ = program.Write([]byte(Passed))
		}
		program.Close()
	}()
	if err := askers.HTTPS(nil, port, Question{Path: "/livez"}, 5*time.Second); err != nil {
		t.Error(err)
	}
}

func TestReadAuthority(t *testing.T) {
	folder := t.TempDir()
	const one = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----"
	const key = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link, pipe := filepath.Join(folder, "link"), filepath.Join(folder, "pipe")
	_ = os.Symlink(write("target", one), link)
	_ = unix.Mkfifo(pipe, 0o600)
	for name, row := range map[string]struct{ path, text, why string }{
		"one":          {write("one", one), one + "\n", ""},
		"a key beside": {write("key", key+one+"\n"+key), one + "\n", ""},
		"two":          {write("two", "# first\n"+one+"\n# second\n"+one+"\n"), one + "\n" + one + "\n", ""},
		"a key alone":  {write("only", key), "", ""},
		"cut":          {write("cut", one[:40]), "", ""},
		"too long":     {write("long", strings.Repeat(one, 2000)), "", "has more than 65536 bytes"},
		"a link":       {link, "", "cannot be opened"},
		"a pipe":       {pipe, "", "is no file"},
		"a folder":     {folder, "", "is no file"},
		"what is not":  {filepath.Join(folder, "not"), "", "cannot be opened"},
	} {
		got, err := ReadAuthority(row.path)
		if got != row.text || (row.why == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), row.why)) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}
