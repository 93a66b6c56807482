// Package secretfiles keeps the secrets of services: each service that names some has memory of its own for them. What
// fills it is QEMU's firmware device or a task, for a cloud's machine has them of its cloud.
package secretfiles

import (
	"os"
	"path/filepath"

	"pulumi-linuxkit/linuxkitd/internal/mount"
)

const root = "/run/linuxkit/secrets/"

// Make makes the folder of a service. That is done before the tasks, which may not mount.
func Make(service string) error {
	folder := root + service
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return nil
	}
	return mount.At("tmpfs", "tmpfs", []string{"nosuid", "nodev", "noexec", "size=1m", "mode=700"}, folder)
}

// Path is where a secret of a service lies.
func Path(service, name string) string { return filepath.Join(root, service, name) }

// Put writes a secret of a service.
func Put(service, name string, value []byte) error {
	file, err := os.OpenFile(Path(service, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o400)
	if err != nil {
		return err
	}
	_, err = file.Write(value)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// HandOver gives a service its secrets: they are the service's own. It gives the name of one that is missing.
func HandOver(service string, names []string, uid, gid int) (missing string, err error) {
	if len(names) == 0 {
		return "", nil
	}
	folder := root + service
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return name, nil
		}
	}
	return "", filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}
