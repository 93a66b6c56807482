package disk

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAloneHidesAllOtherDevices(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var there string
	var said output
	err := alone("zero", func() error {
		var err error
		// a program that starts here has the same devices
		said, err = run("", "ls", "-1", "/dev")
		if entries, listErr := os.ReadDir("/dev"); listErr == nil && len(entries) == 1 {
			there = entries[0].Name()
		}
		return err
	})
	if errors.Is(err, unix.EPERM) {
		t.Skip("mount namespaces need root")
	}
	if err != nil || there != "zero" || strings.TrimSpace(said.out) != "zero" {
		t.Fatalf("got %q, %q and %v", there, said, err)
	}
	if _, err := os.Stat("/dev/null"); err != nil {
		t.Errorf("the rest of the program has lost its devices: %v", err)
	}
}

func TestAloneNeedsItsDevice(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	err := alone("no-such-device", func() error { t.Error("the work is done without it"); return nil })
	if err == nil {
		t.Error("wanted a refusal")
	}
}

func TestRunKeepsABoundedOutput(t *testing.T) {
	said, err := run("", "head", "-c", "1000000", "/dev/zero")
	if err != nil || len(said.out) != outputLimit {
		t.Fatalf("got %d bytes and %v", len(said.out), err)
	}
	if said, err := run("in", "cat"); err != nil || said.out != "in" {
		t.Fatalf("got %q and %v", said, err)
	}
	if _, err := run("", "false"); err == nil {
		t.Fatal("wanted a failure")
	}
}
