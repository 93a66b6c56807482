package network

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// TestAttachInNamespaces runs in namespaces of its own: it makes links and mounts.
func TestAttachInNamespaces(t *testing.T) {
	if os.Getenv("NETWORK_NAMESPACE") != "" {
		attachToTheDead(t)
		return
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(own, "-test.run=^TestAttachInNamespaces$", "-test.v")
	command.Env = append(os.Environ(), "NETWORK_NAMESPACE=1")
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, said)
	}
}

// links took the kernel its time with the table of processes locked, lest the number went to another process. The
// namespaces are open now, and stay those of the container whatever happens to its number.
func attachToTheDead(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	waiting := exec.Command("sleep", "60")
	waiting.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	must(waiting.Start())
	file := filepath.Join(t.TempDir(), "made", "net")
	asked := &description.Container{
		Interfaces: []description.Interface{{Name: "inside", Peer: "outside"}},
		BindNS:     map[string]string{"net": file},
	}
	opened, err := Open(waiting.Process.Pid, asked)
	must(err)
	defer opened.Close()
	must(waiting.Process.Kill())
	_ = waiting.Wait()
	must(opened.Attach(asked))
	defer func() { _ = unix.Unmount(file, unix.MNT_DETACH) }()

	if _, err := netlink.LinkByName("outside"); err != nil {
		t.Errorf("the end that stays: %v", err)
	}
	bound, err := os.Open(file)
	must(err)
	defer bound.Close()
	err = Inside(bound, func() error {
		_, err := netlink.LinkByName("inside")
		return err
	})
	if err != nil {
		t.Errorf("the end inside: %v", err)
	}
	aPanicInsideIsAnError(t, bound)
	aLaterStartIsBoundInItsPlace(t, file)
	if _, err := Open(waiting.Process.Pid, asked); err == nil {
		t.Error("the namespaces of an ended process were opened")
	}
}

// the file of a namespace cannot be opened for writing, so no container with one started again
func aLaterStartIsBoundInItsPlace(t *testing.T, file string) {
	for range 2 {
		own, err := os.Open("/proc/self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		defer own.Close()
		if err := bindNamespace(own, file); err != nil {
			t.Fatal(err)
		}
	}
	var bound, own unix.Stat_t
	if unix.Stat(file, &bound) != nil || unix.Stat("/proc/self/ns/net", &own) != nil || bound.Ino != own.Ino {
		t.Errorf("got the namespace %d, wanted %d", bound.Ino, own.Ino)
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Count(string(mounts), file) != 1 {
		t.Errorf("%s is bound more than once", file)
	}
}

// a check waited for ever for a goroutine that had panicked
func aPanicInsideIsAnError(t *testing.T, namespace *os.File) {
	if err := Inside(namespace, func() error { panic("no") }); err == nil || err.Error() != "it panicked" {
		t.Errorf("got %v", err)
	}
}
