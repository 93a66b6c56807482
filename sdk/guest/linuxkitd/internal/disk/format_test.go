package disk

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func (c *computer) format(args ...string) string {
	if err := c.runFormat(c.t.Context(), args); err != nil {
		return err.Error()
	}
	return ""
}

// digest is of what all disks hold.
func (c *computer) digest() string {
	c.t.Helper()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	for _, name := range c.names("block") {
		file, err := os.Open(filepath.Join(c.dev, name))
		c.must(err)
		_, err = io.Copy(sum, file)
		c.must(errors.Join(err, file.Close()))
	}
	return fmt.Sprint(sum.Sum32())
}

func TestFormatMakesAPartitionAndAFilesystem(t *testing.T) {
	c := newComputer(t)
	c.add("vda", 64, "data")
	if message := c.format("data", "serial:data", "1", "1000:1000", "5"); message != "" {
		t.Fatal(message)
	}
	wanted := []string{"sfdisk -q vda", "mke2fs -q -F -t ext4 -L data -E root_owner=1000:1000 vdap1", "sfdisk -q --part-label vda 1 data"}
	if !slices.Equal(c.ran, wanted) {
		t.Errorf("got %q", c.ran)
	}
	if ext, ok := c.ext("vdap1"); !ok || ext.Label != "data" || !c.isNamed("vdap1", "data") {
		t.Errorf("got %v and %v", ext, ok)
	}
	if got := c.log.String(); got != "format: vdap1 has the label data now\n" {
		t.Errorf("got the log %q", got)
	}
	// later boots find it, and do nothing
	c.ran, c.log = nil, nil
	if message := c.format("data", "serial:data", "1", "1000:1000", "5"); message != "" || c.ran != nil {
		t.Errorf("got %q and %q", message, c.ran)
	}
	if said, err := exec.Command("/usr/sbin/sgdisk", "-v", filepath.Join(c.dev, "vda")).CombinedOutput(); err == nil && !strings.Contains(string(said), "No problems found") {
		t.Errorf("sgdisk: %s", said)
	}
}

func TestFormatOnTheDeviceItself(t *testing.T) {
	c := newComputer(t)
	c.add("vda", 16, "")
	if message := c.format("whole", "/dev/vda", "0", "0:0", "5"); message != "" {
		t.Fatal(message)
	}
	if wanted := []string{"mke2fs -q -F -t ext4 -L whole -E root_owner=0:0 vda"}; !slices.Equal(c.ran, wanted) {
		t.Errorf("got %q", c.ran)
	}
}

func TestFormatTakesTheOnlyEmptyDisk(t *testing.T) {
	c := newComputer(t)
	c.add("vda", 16, "")
	c.add("vdb", 16, "")
	c.mkfs("mke2fs", "-q", "-F", "-L", "letters", "vda")
	if message := c.format("data", "", "0", "0:0", "5"); message != "" || len(c.ran) != 1 || !strings.HasSuffix(c.ran[0], " vdb") {
		t.Fatalf("got %q and %q", message, c.ran)
	}
}

func TestFormatGoesOnWhereItWasInterrupted(t *testing.T) {
	c := newComputer(t)
	c.add("vda", 16, "")
	if _, err := c.partitionNow("late (unfinished)"); err != nil {
		t.Fatal(err)
	}
	if message := c.format("late", "", "1", "0:0", "5"); message != "" {
		t.Fatal(message)
	}
	if wanted := []string{"mke2fs -q -F -t ext4 -L late -E root_owner=0:0 vdap1", "sfdisk -q --part-label vda 1 late"}; !slices.Equal(c.ran, wanted) {
		t.Errorf("got %q", c.ran)
	}
}

// partitionNow is the table of a run that lost its power.
func (c *computer) partitionNow(called string) (output, error) {
	said, err := run("label: gpt\nstart=1MiB, type=linux, name=\""+called+"\"\n", "sfdisk", "-q", filepath.Join(c.dev, "vda"))
	if err == nil {
		c.readTable("vda")
	}
	return said, err
}

func TestFormatRefuses(t *testing.T) {
	for _, row := range []struct {
		name    string
		make    func(*computer)
		args    []string
		message string
	}{
		{"a disk with a filesystem", func(c *computer) {
			c.add("vda", 16, "letters")
			c.mkfs("mke2fs", "-q", "-F", "-t", "ext4", "-L", "letters", "vda")
		},
			[]string{"data", "serial:letters", "1", "0:0", "1"}, "format: vda holds ext4 with the label letters, and no filesystem with the label data: it was left as it is. Name another disk, or clear this one by hand (wipefs --all on every partition, then on the disk)"},
		{"a disk with partitions", func(c *computer) {
			c.add("vdb", 36, "")
			c.partition("vdb", 1, 2048, 65536, "x")
			c.partition("vdb", 2, 70000, 2048, "y")
			c.mkfs("mkfs.fat", "vdbp1")
		}, []string{"data", "/dev/vdb", "1", "0:0", "1"}, "format: vdb holds partitions: vdbp1 (vfat) vdbp2, and no filesystem"},
		{"a disk with a table and no partition", func(c *computer) {
			c.add("vda", 16, "")
			c.must(exec.Command("/usr/sbin/sgdisk", "-o", filepath.Join(c.dev, "vda")).Run())
		}, []string{"data", "/dev/vda", "1", "0:0", "1"}, "format: vda holds "},
		{"a disk of a group", func(c *computer) { c.add("vda", 16, ""); c.put("sys/devices/vda/holders/md0", "") },
			[]string{"data", "/dev/vda", "1", "0:0", "1"}, "format: vda holds a part of md0, and no filesystem"},
		{"a disk with data at its start", func(c *computer) { c.add("vda", 16, ""); c.write("vda", 4*mib-1) },
			[]string{"data", "/dev/vda", "1", "0:0", "1"}, "vda holds data of no kind that is known here, within 4 MiB of its start"},
		{"a disk with data at its end", func(c *computer) { c.add("vda", 16, ""); c.write("vda", 16*mib-1) },
			[]string{"data", "/dev/vda", "1", "0:0", "1"}, "vda holds data of no kind that is known here, within 4 MiB of its end"},
		{"a disk that cannot be read", func(c *computer) { c.add("vda", 16, ""); c.must(os.Truncate(filepath.Join(c.dev, "vda"), 15<<20)) },
			[]string{"data", "/dev/vda", "1", "0:0", "1"}, "within 4 MiB of its end"},
		{"a disk that is not there", func(c *computer) { c.add("vda", 1, ""); c.add("vdb", 1, "") },
			[]string{"data", "serial:none", "1", "0:0", "1"}, "format: there is no disk with the serial none for data; there are: vda vdb"},
		{"a cloud's disk that is not there", func(c *computer) { c.add("vda", 1, ""); c.put("disks/data", "vol0abc\n") },
			[]string{"data", "serial:data", "1", "0:0", "1"}, "format: there is no disk with the serial vol0abc for data; there are: vda"},
		{"a device that is not there", func(c *computer) { c.add("vda", 1, "") },
			[]string{"data", "/dev/vdz", "1", "0:0", "0"}, "format: there is no /dev/vdz for data; there are: vda"},
		{"two empty disks", func(c *computer) { c.add("vda", 16, ""); c.add("vdb", 16, "") },
			[]string{"data", "", "1", "0:0", "1"}, "format: vda and vdb are both empty: name the one for data by its serial or device"},
		{"a disk that is read-only", func(c *computer) { c.add("vda", 16, ""); c.put("sys/devices/vda/ro", "1\n") },
			[]string{"data", "", "1", "0:0", "1"}, "format: there is no filesystem with the label data, and no empty disk to make it on; vda holds nothing, and is read-only"},
		{"a machine without disks", func(*computer) {}, []string{"data", "", "1", "0:0", "1"}, "no empty disk to make it on; there is no disk at all"},
		{"two disks with the label", func(c *computer) {
			for _, name := range []string{"vda", "vdb"} {
				c.add(name, 16, "")
				c.mkfs("mke2fs", "-q", "-F", "-L", "data", name)
			}
		}, []string{"data", "", "1", "0:0", "1"}, "format: vda and vdb both hold a filesystem with the label data: detach one of them, or give it another label with e2label"},
		{"the label on another disk than the named one", func(c *computer) {
			c.add("vda", 16, "one")
			c.add("vdb", 16, "two")
			c.mkfs("mke2fs", "-q", "-F", "-L", "data", "vda")
		}, []string{"data", "serial:two", "1", "0:0", "1"}, "format: vda has the label data, and the disk that is named for it is vdb: detach one of them, or name the other"},
		{"a label that a shell would read", func(*computer) {}, []string{"$(x)", "", "1", "0:0", "1"}, "format: got the label"},
		{"a label that is too long", func(*computer) {}, []string{"abcdefghijklmnopq", "", "1", "0:0", "1"}, "format: got the label"},
		{"a device elsewhere", func(*computer) {}, []string{"data", "/etc/passwd", "1", "0:0", "1"}, "format: got \"/etc/passwd\", wanted serial:SERIAL or a device such as /dev/vdb"},
		{"a serial with a path", func(*computer) {}, []string{"data", "serial:../x", "1", "0:0", "1"}, "wanted serial:SERIAL"},
		{"an owner without a group", func(*computer) {}, []string{"data", "", "1", "0", "1"}, "wanted 1 or 0 for a partition, and UID:GID"},
		{"no time", func(*computer) {}, []string{"data", "", "1", "0:0", "soon"}, `format: got "soon" seconds, wanted a number`},
		{"too few words", func(*computer) {}, []string{"data"}, "format: got 1 words, wanted 5"},
	} {
		c := newComputer(t)
		row.make(c)
		before := c.digest()
		if message := c.format(row.args...); !strings.HasPrefix(message, row.message) && !strings.Contains(message, row.message) {
			t.Errorf("%s: got %q, wanted %q", row.name, message, row.message)
		}
		if c.digest() != before || c.ran != nil {
			t.Errorf("%s: a disk has changed, by %q", row.name, c.ran)
		}
	}
}

// write writes one byte that is not zero.
func (c *computer) write(name string, at int64) {
	c.t.Helper()
	file, err := os.OpenFile(filepath.Join(c.dev, name), os.O_WRONLY, 0)
	c.must(err)
	_, err = file.WriteAt([]byte{7}, at)
	c.must(err)
	c.must(file.Close())
}

func TestFormatSaysWhichProgramFailed(t *testing.T) {
	for program, wanted := range map[string]string{"sfdisk": "format: vda could not be partitioned: exit status 8", "mke2fs": "format: vdap1 could not be formatted: exit status 8"} {
		c := newComputer(t)
		c.add("vda", 64, "")
		c.failing = program
		if program == "sfdisk" {
			// it still says what the disk holds
			c.machine.run = func(input string, words ...string) (output, error) {
				if words[1] == "--no-act" {
					return run(input, words...)
				}
				return c.program(input, words...)
			}
		}
		if message := c.format("data", "/dev/vda", "1", "0:0", "5"); message != wanted || !strings.Contains(c.complaints.String(), "it failed") {
			t.Errorf("%s: got %q and %q", program, message, c.complaints.String())
		}
	}
}
