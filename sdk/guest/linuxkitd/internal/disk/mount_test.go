package disk

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMountOptions(t *testing.T) {
	for options, wanted := range map[string]string{
		"":                                  "0 ",
		"nosuid,nodev":                      fmt.Sprint(unix.MS_NOSUID|unix.MS_NODEV, " "),
		"defaults,ro,noatime,nofail":        fmt.Sprint(unix.MS_RDONLY|unix.MS_NOATIME, " "),
		"ro,rw":                             "0 ",
		"nosuid,suid,commit=5,data=ordered": "0 commit=5,data=ordered",
		"noexec,,discard":                   fmt.Sprint(unix.MS_NOEXEC, " discard"),
	} {
		flags, data := mountOptions(strings.Split(options, ","))
		if got := fmt.Sprint(flags, " ") + data; got != wanted && got != strings.Replace(wanted, "  ", " ", 1) {
			t.Errorf("%s: got %q, wanted %q", options, got, wanted)
		}
	}
}

func TestMountFindsTheLabelOfAnyKind(t *testing.T) {
	c := newComputer(t)
	c.add("vda", 16, "")
	c.add("vdb", 16, "")
	c.mkfs("mke2fs", "-q", "-F", "-L", "data", "vda")
	c.mkfs("mkfs.fat", "-n", "FLOPPY", "vdb")
	place := filepath.Join(c.root, "mnt")
	for _, row := range []struct{ what, kind, options, mounted string }{
		{"LABEL=data", "ext4", "nosuid,commit=5", fmt.Sprintf("vda mnt ext4 %d commit=5", unix.MS_NOSUID)},
		{"LABEL=FLOPPY", "vfat", "", "vdb mnt vfat 0 "},
		{filepath.Join(c.dev, "vdb"), "vfat", "ro", "vdb mnt vfat 1 "},
	} {
		c.mounted = nil
		c.log.Reset()
		if err := c.runMount(t.Context(), []string{row.what, place, row.kind, row.options, "1"}); err != nil || !slices.Equal(c.mounted, []string{row.mounted}) {
			t.Errorf("%s: got %q and %v", row.what, c.mounted, err)
		}
		if !strings.HasSuffix(c.log.String(), " is at "+place+"\n") {
			t.Errorf("got the log %q", c.log)
		}
	}
}

func TestMountTakesAProtectedDiskReadOnly(t *testing.T) {
	c := newComputer(t)
	c.add("vda", 16, "")
	c.mountErrors = []error{unix.EROFS}
	if err := c.runMount(t.Context(), []string{filepath.Join(c.dev, "vda"), filepath.Join(c.root, "mnt"), "ext4", "", "1"}); err != nil || len(c.mounted) != 2 || !strings.HasSuffix(c.mounted[1], " 1 ") {
		t.Fatalf("got %q and %v", c.mounted, err)
	}
}

func TestMountFails(t *testing.T) {
	c := newComputer(t)
	c.add("vda", 16, "")
	c.add("vdb", 0, "")
	for name, row := range map[string]struct {
		args    []string
		message string
	}{
		"a label that is absent":  {[]string{"LABEL=none", "/mnt/x", "ext4", "", "1"}, "mount: no LABEL=none; there are: vda"},
		"an empty label":          {[]string{"LABEL=", "/mnt/x", "ext4", "", "0"}, "mount: no LABEL=; there are: vda"},
		"a device that is absent": {[]string{"/dev/none", "/mnt/x", "ext4", "", "0.5"}, "mount: no /dev/none; there are: vda"},
		"a path that is relative": {[]string{"/dev/vda", "mnt", "ext4", "", "0"}, "mount: got [\"mnt\" \"ext4\"], wanted a path and a filesystem's type"},
		"too many words":          {[]string{"/dev/vda", "/mnt", "ext4", "", "0", "x"}, "mount: got 6 words, wanted 5"},
	} {
		if err := c.runMount(t.Context(), row.args); err == nil || err.Error() != row.message {
			t.Errorf("%s: got %v, wanted %q", name, err, row.message)
		}
	}
	c.mountErrors = []error{errors.New("invalid argument")}
	device, place := filepath.Join(c.dev, "vda"), filepath.Join(c.root, "mnt")
	if err := c.runMount(t.Context(), []string{device, place, "ext4", "", "1"}); err == nil || err.Error() != "mount: mounting "+device+" on "+place+" failed: invalid argument" {
		t.Errorf("got %v", err)
	}
}

func TestDiskDoesAllThree(t *testing.T) {
	c := newComputer(t)
	c.add("vda", 64, "data")
	place := filepath.Join(c.root, "mnt")
	if err := c.runDisk(t.Context(), []string{"data", "serial:data", "1", "0:0", "5", place, "nosuid,nodev"}); err != nil {
		t.Fatal(err)
	}
	if wanted := []string{fmt.Sprintf("vdap1 mnt ext4 %d ", unix.MS_NOSUID|unix.MS_NODEV)}; !slices.Equal(c.mounted, wanted) {
		t.Errorf("got %q", c.mounted)
	}
	if err := c.runDisk(t.Context(), []string{"data"}); err == nil || err.Error() != "disk: got 1 words, wanted 7" {
		t.Errorf("got %v", err)
	}
}
