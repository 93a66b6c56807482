package sysctl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder has the files of two parameters, and one that takes no value.
func folder(t *testing.T) *os.Root {
	t.Helper()
	path := t.TempDir()
	for _, name := range []string{"net/ipv4/ip_forward", "vm/overcommit_memory", "net/ipv4/conf/eth0.1/rp_filter"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(path, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, name), []byte("0\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestSet(t *testing.T) {
	for _, row := range []struct{ name, list, log, message string }{
		{"in the order of the list", "vm/overcommit_memory 1\nnet/ipv4/ip_forward 1\n", "vm/overcommit_memory = 1\nnet/ipv4/ip_forward = 1\n", ""},
		{"a value of several words", "net/ipv4/ip_forward  4096 87380  6291456 \n", "net/ipv4/ip_forward = 4096 87380  6291456\n", ""},
		{"a name with a dot", "net/ipv4/conf/eth0.1/rp_filter 2", "net/ipv4/conf/eth0.1/rp_filter = 2\n", ""},
		{"an empty line is passed over", "\n\nnet/ipv4/ip_forward 1\n", "net/ipv4/ip_forward = 1\n", ""},
		{"one that the kernel does not know", "net/ipv4/ip_forward 1\nvm/none 1\nvm/overcommit_memory 1\n", "net/ipv4/ip_forward = 1\n", "sysctl: this kernel has no vm/none"},
		{"one that takes no value", "net/ipv4 1\n", "", `sysctl: net/ipv4 does not take "1"`},
		{"one that leaves the folder", "../../etc/passwd x\n", "", "sysctl: this kernel has no ../../etc/passwd"},
	} {
		var log bytes.Buffer
		message := ""
		if err := set(folder(t), []byte(row.list), &log); err != nil {
			message = err.Error()
		}
		if log.String() != row.log || message != row.message {
			t.Errorf("%s: got %q and %q, wanted %q and %q", row.name, log.String(), message, row.log, row.message)
		}
	}
}

func TestSetWritesTheValue(t *testing.T) {
	root := folder(t)
	if err := set(root, []byte("vm/overcommit_memory 1\n"), &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if got, err := root.ReadFile("vm/overcommit_memory"); err != nil || string(got) != "1\n" {
		t.Fatalf("got %q and %v", got, err)
	}
}

func TestRunRefuses(t *testing.T) {
	long := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(long, bytes.Repeat([]byte("x"), listLimit+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		args    []string
		message string
	}{
		"two files":             {[]string{"a", "b"}, "got 2 words"},
		"a file that is absent": {[]string{filepath.Join(t.TempDir(), "none")}, "no such file"},
		"a list without end":    {[]string{long}, "longer than"},
	} {
		if err := Run(t.Context(), row.args); err == nil || !strings.Contains(err.Error(), row.message) {
			t.Errorf("%s: got %v, wanted %q", name, err, row.message)
		}
	}
}
