package stage1

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const uuid = "01234567-89ab-4def-8123-456789abcdef"

// disks are images that other programs made, as block devices.
func disks(t *testing.T) *search {
	t.Helper()
	folder := t.TempDir()
	tree, devices, blocks := filepath.Join(folder, "tree"), filepath.Join(folder, "dev"), filepath.Join(folder, "block")
	for _, made := range []string{tree, devices} {
		if err := os.Mkdir(made, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(tree, "a"), []byte(strings.Repeat("a", 5000)), 0o644); err != nil {
		t.Fatal(err)
	}
	judge(t, "mksquashfs", tree, filepath.Join(devices, "vda"), "-quiet", "-mkfs-time", "305419896")
	judge(t, "mkfs.erofs", "-U", uuid, filepath.Join(devices, "vdb"), tree)
	// Debian 12's has no option for a name: volume_name is 64 bytes into the superblock
	volume, err := os.OpenFile(filepath.Join(devices, "vdb"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := volume.WriteAt([]byte("my root"), 1024+64); err != nil {
		t.Fatal(err)
	}
	volume.Close()
	judge(t, "xorriso", "-as", "mkisofs", "-quiet", "-V", "MY ROOT", "-o", filepath.Join(devices, "sr0"), tree)
	judge(t, "mkfs.vfat", "-C", filepath.Join(devices, "vdc"), "1024")
	if err := os.WriteFile(filepath.Join(devices, "sr1"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vda", "vdb", "vdc", "sr0", "sr1"} {
		info, err := os.Stat(filepath.Join(devices, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(blocks, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(blocks, name, "size"), fmt.Appendf(nil, "%d\n", (info.Size()+511)/512), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &search{devices: devices, blocks: blocks}
}

func judge(t *testing.T, program string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if path = "/usr/sbin/" + program; !exists(path) {
			t.Skipf("%s, a judge, is not installed", program)
		}
	}
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

func TestTheRootIsFound(t *testing.T) {
	search := disks(t)
	const seen = `sr0 (iso9660 00000000 "MY ROOT"), vda (squashfs 78563412), vdb (erofs 01234567 "my root"), vdc (nothing known)`
	for name, row := range map[string][3]string{
		"its own squashfs by the mark in its time":        {"", "erofs 99999999\nsquashfs 78563412\n", "vda squashfs"},
		"its own erofs by the first bytes of its UUID":    {"", "erofs 01234567\n", "vdb erofs"},
		"its own ISO by the signature of its boot record": {"", "iso9660 00000000\n", "sr0 iso9660"},
		"a label of erofs":                                    {"LABEL=my root", "", "vdb erofs"},
		"a label of an ISO":                                   {"LABEL=MY ROOT", "", "sr0 iso9660"},
		"a UUID":                                              {"UUID=" + strings.ToUpper(uuid), "", "vdb erofs"},
		"a squashfs by its mark as a UUID":                    {"UUID=78563412", "", "vda squashfs"},
		"a device":                                            {"vda", "", "vda squashfs"},
		"a device of a kind that is not known":                {"vdc", "", "vdc "},
		"what there is, of another mark":                      {"", "squashfs 78563413\nerofs 1234567\n", seen},
		"what there is, not a device without a medium":        {"sr1", "", seen},
		"what there is, for an empty label means none of all": {"LABEL=", "", seen},
		"what there is, for an empty UUID means none of all":  {"UUID=", "", seen},
	} {
		search.wanted, search.known = row[0], row[1]
		if row[0] != "" && !strings.Contains(row[0], "=") {
			search.wanted = search.devices + "/" + row[0]
		}
		found, there, ok := search.find()
		got := there
		if ok {
			got = filepath.Base(found.path) + " " + found.kind
		}
		if got != row[2] {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestControllersWithoutADriverAreNamed(t *testing.T) {
	pci := t.TempDir()
	for slot, class := range map[string]string{"0000:00:1f.2": "0x010601", "0000:00:02.0": "0x020000", "0000:00:03.0": "0x010802", "0000:00:04.0": "0x010000"} {
		if err := os.Mkdir(filepath.Join(pci, slot), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(pci, slot, "class"), []byte(class+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(pci, "0000:00:04.0", "driver"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := `, a disk controller (0000:00:03.0, class 0x010802) without a driver, a SATA controller that this kernel has no driver for (debian.kernel({ flavour: "generic" }) has it)`
	if got := withoutDriver(pci); got != want {
		t.Errorf("got %q", got)
	}
}
