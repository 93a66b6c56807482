package disk

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// outputLimit is how much of a program's output is kept.
const outputLimit = 64 << 10

// alone calls work on a thread whose mount namespace has no other device than the named one.
// The programs that work starts inherit the namespace, which ends with the thread.
func alone(name string, work func() error) error {
	done := make(chan error, 1)
	go func() {
		// never unlocked: the thread ends with the goroutine
		runtime.LockOSThread()
		err := hideOthers(name)
		if err == nil {
			err = work()
		}
		done <- err
	}()
	return <-done
}

// hideOthers puts a folder with one device over /dev.
func hideOthers(name string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
		return fmt.Errorf("a mount namespace cannot be made: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts cannot be made private: %w", err)
	}
	folder, err := os.MkdirTemp("", "dev-")
	if err != nil {
		return err
	}
	node := filepath.Join(folder, name)
	if err := os.WriteFile(node, nil, 0o600); err != nil {
		return err
	}
	if err := unix.Mount(filepath.Join("/dev", name), node, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("/dev/%s cannot be bound: %w", name, err)
	}
	if err := unix.Mount(folder, "/dev", "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("/dev cannot be covered: %w", err)
	}
	return nil
}

// growMounted grows an ext4 filesystem to its device while it is mounted where nothing else sees it.
func growMounted(device string) error {
	place, err := os.MkdirTemp("", "grow-")
	if err != nil {
		return err
	}
	if err := unix.Mount(device, place, "ext4", 0, ""); err != nil {
		return fmt.Errorf("%s cannot be mounted: %w", device, err)
	}
	said, err := run("", "resize2fs", device)
	said.copyTo(os.Stdout, os.Stderr)
	if unmount := unix.Unmount(place, 0); err == nil && unmount != nil {
		err = fmt.Errorf("%s cannot be unmounted: %w", device, unmount)
	}
	return err
}

// programFolders are where Debian has sfdisk and e2fsprogs.
var programFolders = []string{"/usr/sbin", "/sbin", "/usr/bin", "/bin"}

// output is what a program printed on its two streams.
type output struct{ out, err string }

// copyTo writes what a program printed to a task's own streams.
func (o output) copyTo(out, err io.Writer) {
	for _, stream := range []struct {
		to   io.Writer
		text string
	}{{out, o.out}, {err, o.err}} {
		if text := strings.TrimSpace(stream.text); text != "" {
			fmt.Fprintln(stream.to, text)
		}
	}
}

// run runs a program with that input, and returns what it printed.
// It needs no /dev/null: where one disk is in sight there is no other device.
func run(input string, words ...string) (output, error) {
	path := words[0]
	for _, folder := range programFolders {
		if _, err := os.Stat(filepath.Join(folder, words[0])); err == nil {
			path = filepath.Join(folder, words[0])
			break
		}
	}
	var out, errors bounded
	// a filesystem is not left half made: nothing ends the program but itself
	command := exec.Command(path, words[1:]...)
	command.Stdin = strings.NewReader(input)
	command.Stdout, command.Stderr = &out, &errors
	command.Env = []string{"PATH=" + strings.Join(programFolders, ":"), "LC_ALL=C"}
	err := command.Run()
	return output{out.String(), errors.String()}, err
}

// bounded keeps the first bytes that are written to it.
type bounded struct{ buffer bytes.Buffer }

func (b *bounded) Write(content []byte) (int, error) {
	b.buffer.Write(content[:min(len(content), outputLimit-b.buffer.Len())])
	return len(content), nil
}

func (b *bounded) String() string { return b.buffer.String() }
