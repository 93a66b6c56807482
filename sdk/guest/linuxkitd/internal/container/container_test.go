package container

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWhoHearsASignal(t *testing.T) {
	for name, row := range map[string]struct {
		status string
		want   bool
	}{
		"the first process of a namespace that handles it":      {"NSpid:\t123\t1\nSigCgt:\t0000000000004000\n", true},
		"the first process of a namespace that does not":        {"NSpid:\t123\t1\nSigCgt:\t0000000000010000\n", false},
		"a process of the machine's own namespace, which dies":  {"NSpid:\t123\nSigCgt:\t0000000000000000\n", true},
		"a later process of a namespace, which dies":            {"NSpid:\t123\t5\nSigCgt:\t0000000000000000\n", true},
		"a kernel that does not say":                            {"Name:\tx\n", true},
		"the first process of a namespace in a namespace":       {"NSpid:\t123\t9\t1\nSigCgt:\t0000000000000000\n", false},
		"a mask that is no number, for it costs only some time": {"NSpid:\t123\t1\nSigCgt:\tx\n", true},
	} {
		if got := hearsSignal(row.status, unix.SIGTERM); got != row.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if !hearsSignal("NSpid:\t123\t1\nSigCgt:\t0000000000000004\n", unix.SIGQUIT) {
		t.Error("SIGQUIT is the third bit")
	}
}

// crun writes its pid file without a line break, which made a shell's read fail: the quick stop never came
func TestAPidFileWithoutALineBreakIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	for text, want := range map[string]int{"123": 123, "123\n": 123, "": 0, "1": 0, "0": 0, "-5": 0, "12x": 0} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := readPid(file)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
}

func TestTheGroupOfAProcess(t *testing.T) {
	folder := t.TempDir()
	for text, want := range map[string]string{
		"0::/web\n": "web", "0::/a/b\n": "a/b", "0::/\n": "", "": "", "1:name=x:/web\n": "", "0::/../web\n": "", "12:pids:/x\n0::/web\n": "web",
	} {
		if err := os.WriteFile(filepath.Join(folder, "cgroup"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := groupOf(folder); got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// a health command ran as root, without the service's limits
func TestACheckIsTheServicesOwnProcessWithAnotherCommand(t *testing.T) {
	config := `{"ociVersion":"1.0.2","process":{"terminal":true,"user":{"uid":1000,"gid":1000,"additionalGids":[5]},"args":["/bin/web"],"env":["A=b"],"cwd":"/x","capabilities":{"bounding":["CAP_CHOWN"]},"noNewPrivileges":true,"rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":1}]},"root":{"path":"rootfs"}}`
	text, err := processOf([]byte(config), []string{"sh", "-c", `echo "$HOME"`})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]string{
		"user": `{"uid":1000,"gid":1000,"additionalGids":[5]}`, "args": `["sh","-c","echo \"$HOME\""]`, "cwd": `"/x"`, "noNewPrivileges": "true",
		"capabilities": `{"bounding":["CAP_CHOWN"]}`, "rlimits": `[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":1}]`, "terminal": "",
	} {
		if string(got[member]) != want {
			t.Errorf("%s: got %s", member, got[member])
		}
	}
	for _, bad := range []string{"", "{}", `{"process":null}`, "[]"} {
		if _, err := processOf([]byte(bad), []string{"x"}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestASessionHasTheTerminalThatWasAskedFor(t *testing.T) {
	config := `{"process":{"user":{"uid":1000,"gid":1000},"args":["/bin/web"],"env":["TERM=dumb","A=b"],"noNewPrivileges":true}}`
	text, err := sessionOf([]byte(config), []string{"sh"}, &Terminal{Rows: 30, Columns: 100, Term: "xterm-256color"})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]string{
		"user": `{"uid":1000,"gid":1000}`, "args": `["sh"]`, "env": `["A=b","TERM=xterm-256color"]`, "terminal": "true", "noNewPrivileges": "true",
		"consoleSize": `{"height":30,"width":100}`,
	} {
		if string(got[member]) != want {
			t.Errorf("%s: got %s", member, got[member])
		}
	}
	if text, err = sessionOf([]byte(config), []string{"sh"}, nil); err != nil || json.Unmarshal(text, &got) != nil || string(got["env"]) != `["TERM=dumb","A=b"]` {
		t.Errorf("without a terminal: got %s, %v", text, err)
	}
}
