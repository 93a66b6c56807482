package disk

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// computer is a machine whose disks are files, and whose kernel shows what sfdisk wrote into them.
type computer struct {
	*machine
	t    *testing.T
	root string
	log  *bytes.Buffer
	// complaints are what programs wrote to their second stream.
	complaints bytes.Buffer
	// ran are the programs that wrote, and the one device in sight of each.
	ran []string
	// mounted are the mounts that were asked for.
	mounted []string
	// mountErrors are the answers to them in turn.
	mountErrors []error
	// failing is a program that fails.
	failing string
	inSight string
}

func newComputer(t *testing.T) *computer {
	t.Helper()
	if _, err := exec.LookPath("/usr/sbin/sfdisk"); err != nil {
		t.Skip("sfdisk is not on this machine")
	}
	c := &computer{machine: newMachine(), t: t, root: t.TempDir(), log: &bytes.Buffer{}}
	for _, folder := range []string{"sys/block", "sys/class/block", "dev", "disks"} {
		c.must(os.MkdirAll(filepath.Join(c.root, folder), 0o700))
	}
	c.machine.sys, c.machine.dev, c.machine.known = filepath.Join(c.root, "sys"), filepath.Join(c.root, "dev"), filepath.Join(c.root, "disks")
	c.machine.second, c.machine.log, c.machine.errors = time.Millisecond, c.log, &c.complaints
	c.machine.isBlock = func(path string) bool { _, err := os.Stat(path); return err == nil }
	c.machine.alone = func(name string, work func() error) error {
		c.inSight = name
		defer func() { c.inSight = "" }()
		return work()
	}
	c.machine.run = c.program
	c.machine.growMounted = func(device string) error {
		_, err := c.program("", "resize2fs", device)
		return err
	}
	c.machine.mount = func(device, path, kind string, flags uintptr, data string) error {
		c.mounted = append(c.mounted, fmt.Sprintf("%s %s %s %d %s", filepath.Base(device), filepath.Base(path), kind, flags, data))
		if len(c.mountErrors) > 0 {
			err := c.mountErrors[0]
			c.mountErrors = c.mountErrors[1:]
			return err
		}
		return nil
	}
	return c
}

func (c *computer) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *computer) put(path, content string) {
	c.t.Helper()
	path = filepath.Join(c.root, path)
	c.must(os.MkdirAll(filepath.Dir(path), 0o700))
	c.must(os.WriteFile(path, []byte(content), 0o600))
}

// add adds a disk of that size, with a serial.
func (c *computer) add(name string, mib int64, serial string) {
	c.t.Helper()
	folder := "sys/devices/" + name
	c.put(folder+"/size", fmt.Sprintf("%d\n", mib*2048))
	c.put(folder+"/ro", "0\n")
	// as virtio's, without a line break
	c.put(folder+"/serial", serial)
	c.put(folder+"/device/model", "disk")
	c.link(folder, name)
	c.must(os.Symlink(filepath.Join(c.root, folder), filepath.Join(c.root, "sys/block", name)))
	c.put("dev/"+name, "")
	c.must(os.Truncate(filepath.Join(c.root, "dev", name), mib<<20))
}

func (c *computer) link(folder, name string) {
	c.t.Helper()
	c.must(os.Symlink(filepath.Join(c.root, folder), filepath.Join(c.root, "sys/class/block", name)))
}

// resize gives a disk another size.
func (c *computer) resize(name string, mib int64) {
	c.t.Helper()
	c.put("sys/devices/"+name+"/size", fmt.Sprintf("%d\n", mib*2048))
	c.must(os.Truncate(filepath.Join(c.root, "dev", name), mib<<20))
}

// program runs the real one where it works on files, and keeps what wrote.
func (c *computer) program(input string, words ...string) (output, error) {
	writes := !strings.Contains(strings.Join(words, " "), "--no-act") && words[1] != "-d"
	device := words[len(words)-1]
	if words[0] == "sfdisk" && len(words) > 3 && words[2] == "--part-label" {
		device = words[3]
	}
	if writes {
		c.ran = append(c.ran, strings.ReplaceAll(strings.Join(words, " "), c.dev+"/", ""))
		if c.inSight != filepath.Base(device) && words[0] != "resize2fs" {
			c.t.Errorf("%q has %q in sight", words, c.inSight)
		}
	}
	if words[0] == c.failing {
		return output{err: "it failed\n"}, errors.New("exit status 8")
	}
	if strings.Contains(filepath.Base(device), "p1") && words[0] == "resize2fs" {
		return output{}, nil
	}
	said, err := run(input, words...)
	if words[0] == "sfdisk" && writes && err == nil {
		c.readTable(filepath.Base(device))
	}
	return said, err
}

// readTable is the kernel, which reads a changed table again. A partition is a device of its own.
func (c *computer) readTable(name string) {
	c.t.Helper()
	said, err := exec.Command("/usr/sbin/sfdisk", "-d", filepath.Join(c.dev, name)).Output()
	c.must(err)
	for line := range strings.Lines(string(said)) {
		_, rest, found := strings.Cut(line, " : start=")
		if !found {
			continue
		}
		var start, size int64
		_, err := fmt.Sscanf(strings.NewReplacer(",", " ", "size=", " ").Replace(rest), "%d %d", &start, &size)
		c.must(err)
		_, called, _ := strings.Cut(rest, `name="`)
		called, _, _ = strings.Cut(called, `"`)
		c.partition(name, 1, start, size, called)
	}
}

func (c *computer) partition(disk string, number int, start, size int64, called string) {
	c.t.Helper()
	name := fmt.Sprintf("%sp%d", disk, number)
	folder := "sys/devices/" + disk + "/" + name
	c.put(folder+"/partition", fmt.Sprintf("%d\n", number))
	c.put(folder+"/start", fmt.Sprintf("%d\n", start))
	c.put(folder+"/size", fmt.Sprintf("%d\n", size))
	c.put(folder+"/uevent", "DEVTYPE=partition\nPARTN=1\nPARTNAME="+called+"\n")
	if _, err := os.Lstat(filepath.Join(c.root, "sys/class/block", name)); err != nil {
		c.link(folder, name)
	}
	file, err := os.OpenFile(filepath.Join(c.dev, name), os.O_CREATE|os.O_WRONLY, 0o600)
	c.must(err)
	c.must(file.Truncate(size * 512))
	c.must(file.Close())
}

// mkfs makes a filesystem with the real program.
func (c *computer) mkfs(program string, args ...string) {
	c.t.Helper()
	args[len(args)-1] = filepath.Join(c.dev, args[len(args)-1])
	if said, err := exec.Command("/usr/sbin/"+program, args...).CombinedOutput(); err != nil {
		c.t.Fatalf("%s: %v: %s", program, err, said)
	}
}
