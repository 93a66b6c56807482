package metadata

import (
	"fmt"
	"io/fs"
	"os"
	"path"

	"pulumi-linuxkit/linuxkitd/internal/printable"
)

const (
	secretMode fs.FileMode = 0o600
	openMode   fs.FileMode = 0o644
)

// folder is /run/config. No name that comes from outside leads out of it.
type folder struct {
	root *os.Root
	// instance and userData are what the last line of the log says.
	instance string
	userData int
}

func openFolder(place string) (*folder, error) {
	if err := os.MkdirAll(path.Join(place, "ssh"), 0o700); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	root, err := os.OpenRoot(place)
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return &folder{root: root, instance: "this machine"}, nil
}

func (f *folder) close() { _ = f.root.Close() }

// put writes a file whole or not at all: readers see the old one until the new one is there.
func (f *folder) put(name string, content []byte, mode fs.FileMode) error {
	fresh := name + ".new"
	_ = f.root.Remove(fresh)
	err := f.root.WriteFile(fresh, content, mode)
	if err == nil {
		// whatever the process's umask is
		err = f.root.Chmod(fresh, mode)
	}
	if err == nil {
		err = f.root.Rename(fresh, name)
	}
	if err != nil {
		_ = f.root.Remove(fresh)
		return fmt.Errorf("metadata: %s/%s cannot be written: %w", f.root.Name(), name, err)
	}
	switch name {
	case "instance_id":
		f.instance = printable.Line(string(content))
	case "userdata":
		f.userData = len(content)
	}
	return nil
}

// putDisk writes by what the machine knows the disk of a name.
func (f *folder) putDisk(name, known string, mode fs.FileMode) error {
	if err := f.root.MkdirAll("disks", 0o700); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	return f.put("disks/"+name, []byte(known), mode)
}

// putKeys writes the keys that may log in, one a line; no file where there is no key.
func (f *folder) putKeys(keys []string) error {
	if len(keys) == 0 {
		_ = f.root.Remove("ssh/authorized_keys")
		return nil
	}
	var content []byte
	for _, key := range keys {
		content = append(append(content, key...), '\n')
	}
	return f.put("ssh/authorized_keys", content, secretMode)
}
