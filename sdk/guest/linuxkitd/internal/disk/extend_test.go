package disk

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func (c *computer) extend(args ...string) string {
	if err := c.runExtend(c.t.Context(), args); err != nil {
		return err.Error()
	}
	return ""
}

// withPartition is a computer whose vda has a partition with a filesystem.
func withPartition(t *testing.T) *computer {
	c := newComputer(t)
	c.add("vda", 64, "")
	if message := c.format("data", "/dev/vda", "1", "0:0", "5"); message != "" {
		t.Fatal(message)
	}
	c.ran = nil
	c.log.Reset()
	return c
}

func TestExtendGrowsThePartitionAndTheFilesystem(t *testing.T) {
	c := withPartition(t)
	c.resize("vda", 256)
	if message := c.extend("data", "5"); message != "" {
		t.Fatal(message)
	}
	if wanted := []string{"sfdisk -q --relocate gpt-bak-std vda", "sfdisk -q -N 1 vda", "e2fsck -p vdap1", "resize2fs vdap1"}; !slices.Equal(c.ran, wanted) {
		t.Errorf("got %q", c.ran)
	}
	// what sfdisk says of a table that is not at the disk's end is no part of the log
	if got := c.log.String(); !strings.HasPrefix(got, "extend: vdap1 grew from 62 to 254 MiB\n") {
		t.Errorf("got the log %q", got)
	}
	if said, err := exec.Command("/usr/sbin/sgdisk", "-v", filepath.Join(c.dev, "vda")).CombinedOutput(); err == nil && !strings.Contains(string(said), "No problems found. 0 free sectors") {
		t.Errorf("sgdisk: %s", said)
	}
}

func TestExtendGrowsAWholeDisk(t *testing.T) {
	c := newComputer(t)
	c.add("vda", 16, "")
	c.mkfs("mke2fs", "-q", "-F", "-t", "ext4", "-L", "data", "vda")
	c.resize("vda", 32)
	if message := c.extend("data", "5"); message != "" {
		t.Fatal(message)
	}
	if ext, ok := c.ext("vda"); !ok || ext.Blocks*ext.BlockSize != 32*mib {
		t.Errorf("got %v and %v", ext, ok)
	}
	if wanted := []string{"e2fsck -p vda", "resize2fs vda"}; !slices.Equal(c.ran, wanted) {
		t.Errorf("got %q", c.ran)
	}
}

func TestExtendLeavesWhatDidNotGrow(t *testing.T) {
	c := withPartition(t)
	if message := c.extend("data", "5"); message != "" || !slices.Equal(c.ran, []string{"e2fsck -p vdap1"}) {
		t.Fatalf("got %q and %q", message, c.ran)
	}
	// one that has another behind it
	c = withPartition(t)
	c.resize("vda", 256)
	c.partition("vda", 2, 300000, 2048, "x")
	if message := c.extend("data", "5"); message != "" || !slices.Equal(c.ran, []string{"e2fsck -p vdap1"}) {
		t.Fatalf("got %q and %q", message, c.ran)
	}
}

func TestExtendFails(t *testing.T) {
	c := newComputer(t)
	if message := c.extend("data", "1"); message != "extend: there is no filesystem with the label data" {
		t.Errorf("got %q", message)
	}
	c = withPartition(t)
	c.failing = "e2fsck"
	if message := c.extend("data", "1"); message != "extend: the filesystem on vdap1 is damaged beyond what may be mended without asking: e2fsck: exit status 8" {
		t.Errorf("got %q", message)
	}
	c = withPartition(t)
	c.resize("vda", 256)
	c.failing = "sfdisk"
	if message := c.extend("data", "1"); !strings.HasPrefix(message, "extend: ") || !strings.Contains(message, "could not be") {
		t.Errorf("got %q", message)
	}
}
