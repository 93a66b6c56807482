package logs

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/sys/unix"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestALogKeepsItsNewestBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var text strings.Builder
	for number := range 60_000 {
		fmt.Fprintf(&text, "line %d\n", number)
	}
	Keep(strings.NewReader(text.String()), path, 512<<10)
	older, newest := read(t, path+".1"), read(t, path)
	if len(older) != 256<<10 || len(newest) > 256<<10 || !strings.HasSuffix(text.String(), older+newest) {
		t.Errorf("got %d and %d bytes", len(older), len(newest))
	}
}

// a container that is given the folder of logs cannot let the machine write elsewhere, nor hold it
func TestALogIsAFileOfItsOwn(t *testing.T) {
	folder := t.TempDir()
	target := filepath.Join(folder, "target")
	if err := os.WriteFile(target, []byte("its own\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(folder, "elsewhere")
	for name, plant := range map[string]func(path string) error{
		"a symlink":          func(path string) error { return os.Symlink(target, path) },
		"a dangling symlink": func(path string) error { return os.Symlink(elsewhere, path) },
		"a pipe":             func(path string) error { return unix.Mkfifo(path, 0o644) },
		"a folder":           func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		path := filepath.Join(folder, name)
		if err := plant(path); err != nil {
			t.Fatal(err)
		}
		Keep(strings.NewReader("|/bin/sh\n"), path, 1<<20)
		if line := LastLine(path); line != "" {
			t.Errorf("%s: it says %q", name, line)
		}
	}
	inside := filepath.Join(folder, "linked")
	if err := os.Symlink(folder, inside); err != nil {
		t.Fatal(err)
	}
	Keep(strings.NewReader("|/bin/sh\n"), filepath.Join(inside, "elsewhere"), 1<<20)
	if got := read(t, target); got != "its own\n" {
		t.Errorf("it was written: %q", got)
	}
	if _, err := os.Lstat(elsewhere); err == nil {
		t.Error("a file was made elsewhere")
	}
}

func TestALogGoesOnAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		Keep(strings.NewReader(text), path, 16)
	}
	if got := read(t, path+".1") + read(t, path); got != "one\ntwo\nthree\n" {
		t.Errorf("got %q", got)
	}
}

// the attack: a program that makes its standard output non-blocking, as Node does, took its log away from the machine
func TestANonBlockingWriterDoesNotStopTheKeeper(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		Keep(reader, path, 1<<20)
		close(done)
	}()
	descriptor := int(writer.Fd())
	if err := unix.SetNonblock(descriptor, true); err != nil {
		t.Fatal(err)
	}
	for number := range 1000 {
		line := fmt.Appendf(nil, "line %d\n", number)
		for {
			if _, err := unix.Write(descriptor, line); err != unix.EAGAIN {
				break
			}
		}
	}
	writer.Close()
	<-done
	if got := read(t, path); !strings.HasSuffix(got, "line 999\n") || strings.Count(got, "\n") != 1000 {
		t.Errorf("got %d lines", strings.Count(got, "\n"))
	}
}

func TestAFolderThatIsFullStopsNoWriter(t *testing.T) {
	reader, writer := io.Pipe()
	go func() {
		for range 100 {
			_, _ = io.WriteString(writer, "a line that is kept nowhere\n")
		}
		writer.Close()
	}()
	Keep(reader, filepath.Join(t.TempDir(), "missing", "log"), 1<<20)
}

func TestAReaderThatFailsEndsTheKeeper(t *testing.T) {
	Keep(iotest.ErrReader(io.ErrUnexpectedEOF), filepath.Join(t.TempDir(), "log"), 1<<20)
}

func TestLastLine(t *testing.T) {
	folder := t.TempDir()
	for content, want := range map[string]string{
		"one\ntwo\n":                           "two",
		"one\ntwo":                             "two",
		"why\n\n  \n":                          "why",
		"\x1elinuxkit test 1.0 healthy\r\n":    "linuxkit test 1.0 healthy",
		strings.Repeat("x", 5000) + "\n":       strings.Repeat("x", 300),
		"":                                     "",
		strings.Repeat("before\n", 9999) + "z": "z",
	} {
		path := filepath.Join(folder, "log")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := LastLine(filepath.Join(folder, "missing"), path); got != want {
			t.Errorf("%.40q: got %q, wanted %q", content, got, want)
		}
	}
}
