package mount

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// folderElsewhere is in a filesystem that is not the root's.
func folderElsewhere(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "reach-")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	var here, root unix.Stat_t
	if unix.Stat(folder, &here) != nil || unix.Stat("/", &root) != nil || here.Dev == root.Dev {
		t.Skip("/dev/shm is in the root's filesystem")
	}
	return folder
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestASymlinkWhereAContainerWritesIsNotFollowed(t *testing.T) {
	folder := folderElsewhere(t)
	must(t, os.Symlink("/etc", folder+"/link"))
	must(t, os.Symlink("nowhere", folder+"/dangling"))
	must(t, os.Mkdir(folder+"/real", 0o755))
	for _, name := range []string{"/link", "/link/hosts", "/real/../link", "/dangling"} {
		for _, open := range []func(string) (*os.File, error){Open, MakeFolder} {
			if file, err := open(folder + name); err == nil {
				file.Close()
				t.Errorf("%s was followed", name)
			}
		}
	}
	made, err := MakeFolder(folder + "/real/new/er")
	must(t, err)
	made.Close()
	if info, err := os.Stat(folder + "/real/new/er"); err != nil || !info.IsDir() {
		t.Errorf("the folder was not made: %v", err)
	}
	// one of the kernel's own
	if file, err := Open("/proc/self/status"); err != nil {
		t.Error(err)
	} else {
		file.Close()
	}
}

func TestSymlinksOfAContainersRootStayInIt(t *testing.T) {
	root := t.TempDir()
	must(t, os.Mkdir(root+"/run", 0o755))
	for name, target := range map[string]string{"absolute": "/run", "climbs": "../../../../run", "made": "/etc/new", "loop": "loop"} {
		must(t, os.Symlink(target, filepath.Join(root, name)))
	}
	for name, want := range map[string]string{"absolute/a": "run/a", "climbs/b": "run/b", "made": "etc/new"} {
		file, err := MakeInside(root, name)
		must(t, err)
		where, err := os.Readlink(ByDescriptor(file))
		file.Close()
		must(t, err)
		if wanted := filepath.Join(root, want); where != wanted {
			t.Errorf("%s: got %s, wanted %s", name, where, wanted)
		}
	}
	if _, err := MakeInside(root, "loop"); err == nil {
		t.Error("a loop has no end")
	}
}
