package filesystem

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// makeOn runs a program that makes a filesystem on a file of that size, which the word @ stands for.
func makeOn(t *testing.T, mib int64, program string, args ...string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, mib<<20); err != nil {
		t.Fatal(err)
	}
	for i := range args {
		if args[i] == "@" {
			args[i] = path
		}
	}
	found, err := exec.LookPath(program)
	if err != nil {
		found = filepath.Join("/usr/sbin", program)
	}
	if _, err := os.Stat(found); err != nil {
		t.Skip(program + " is not on this machine")
	}
	if said, err := exec.Command(found, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, said)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestLabelIsWhatBlkidSays(t *testing.T) {
	empty := t.TempDir()
	for _, row := range []struct {
		name, label, program string
		mib                  int64
		args                 []string
	}{
		{"ext2", "two", "mke2fs", 8, []string{"-q", "-F", "-t", "ext2", "-L", "two", "@"}},
		{"ext4", "data", "mke2fs", 16, []string{"-q", "-F", "-t", "ext4", "-L", "data", "@"}},
		{"ext4 with a label of 16 letters", "abcdefghijklmnop", "mke2fs", 16, []string{"-q", "-F", "-t", "ext4", "-L", "abcdefghijklmnop", "@"}},
		{"ext4 without checksums", "plain", "mke2fs", 16, []string{"-q", "-F", "-t", "ext4", "-O", "^metadata_csum,^64bit", "-L", "plain", "@"}},
		{"ext4 without a label", "", "mke2fs", 16, []string{"-q", "-F", "-t", "ext4", "@"}},
		{"FAT12", "TWELVE", "mkfs.fat", 2, []string{"-F", "12", "-n", "TWELVE", "@"}},
		{"FAT16", "MY DISK", "mkfs.fat", 16, []string{"-F", "16", "-n", "MY DISK", "@"}},
		{"FAT32", "BIG", "mkfs.fat", 64, []string{"-F", "32", "-n", "BIG", "@"}},
		{"FAT32 without a label", "", "mkfs.fat", 64, []string{"-F", "32", "@"}},
		{"ISO 9660", "CDROM", "xorriso", 0, []string{"-as", "mkisofs", "-quiet", "-V", "CDROM", "-o", "@", empty}},
		{"swap", "", "mkswap", 8, []string{"-L", "swap", "@"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			disk := makeOn(t, row.mib, row.program, row.args...)
			if got := Label(disk); got != row.label {
				t.Errorf("got %q, wanted %q", got, row.label)
			}
			if row.name == "swap" {
				return
			}
			said, err := exec.Command("blkid", "-p", "-o", "value", "-s", "LABEL", disk.Name()).Output()
			if err != nil && row.label != "" {
				t.Skipf("blkid: %v", err)
			}
			if got := strings.TrimSuffix(string(said), "\n"); got != row.label {
				t.Errorf("blkid has %q, wanted %q", got, row.label)
			}
		})
	}
}

func TestLabelOfSuperblocks(t *testing.T) {
	put := func(size int, parts map[int]string) []byte {
		disk := make([]byte, size)
		for at, content := range parts {
			copy(disk[at:], content)
		}
		return disk
	}
	for name, row := range map[string]struct {
		disk  []byte
		label string
	}{
		"XFS":                         {put(4096, map[int]string{0: "XFSB", 108: "xfs-data"}), "xfs-data"},
		"Btrfs":                       {put(0x11000, map[int]string{0x10040: "_BHRfS_M", 0x1012b: "tree"}), "tree"},
		"EROFS":                       {put(4096, map[int]string{1024: "\xe2\xe1\xf5\xe0", 1088: "fixed"}), "fixed"},
		"a label that is not UTF-8":   {put(4096, map[int]string{0: "XFSB", 108: "\xff"}), ""},
		"a disk that ends early":      {put(100, map[int]string{0: "XFSB"}), ""},
		"nothing":                     {nil, ""},
		"a boot sector without a FAT": {put(512, map[int]string{510: "\x55\xaa"}), ""},
	} {
		if got := Label(bytes.NewReader(row.disk)); got != row.label {
			t.Errorf("%s: got %q, wanted %q", name, got, row.label)
		}
	}
}

func TestReadExtSaysTheSize(t *testing.T) {
	disk := makeOn(t, 16, "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-L", "data", "@")
	ext, ok := ReadExt(disk)
	if wanted := (Ext{"data", 4096, 4096}); !ok || ext != wanted {
		t.Fatalf("got %v and %v", ext, ok)
	}
}

func TestReadExtRefusesADamagedSuperblock(t *testing.T) {
	disk := makeOn(t, 16, "mke2fs", "-q", "-F", "-t", "ext4", "-L", "data", "@")
	content := make([]byte, 2048)
	if _, err := disk.ReadAt(content, 0); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]byte){
		"a letter of the label": func(b []byte) { b[1024+0x78]++ },
		"its checksum":          func(b []byte) { b[1024+0x3fc]++ },
		"its magic number":      func(b []byte) { b[1024+0x38]++ },
		"blocks too large":      func(b []byte) { binary.LittleEndian.PutUint32(b[1024+0x18:], 40) },
	} {
		damaged := bytes.Clone(content)
		change(damaged)
		if ext, ok := ReadExt(bytes.NewReader(damaged)); ok {
			t.Errorf("%s: got %v, wanted a refusal", name, ext)
		}
	}
}

func FuzzLabel(f *testing.F) {
	f.Add([]byte("XFSB"))
	boot := make([]byte, 1024)
	copy(boot[510:], "\x55\xaa")
	binary.LittleEndian.PutUint16(boot[11:], 512)
	boot[13], boot[14], boot[16], boot[17] = 1, 1, 1, 16
	copy(boot[0x36:], "FAT12   ")
	f.Add(boot)
	f.Fuzz(func(t *testing.T, disk []byte) {
		if label := Label(bytes.NewReader(disk)); len(label) > 256 || strings.Contains(label, "\x00") {
			t.Fatalf("the label %q", label)
		}
	})
}
