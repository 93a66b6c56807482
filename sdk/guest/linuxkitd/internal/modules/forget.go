package modules

import (
	"path"

	"golang.org/x/sys/unix"
)

// Folder has the files of modules.
const Folder = "/usr/lib/modules"

// Forget removes the files of modules from a root that lies in memory, and their memory is free. The root is read-only by
// then, so it goes through a mount of its own, which no container sees and which ends with it (open_tree(2)).
func Forget(list []Module) error {
	var root unix.Statfs_t
	if err := unix.Statfs(Folder, &root); err != nil {
		return err
	}
	if root.Type != unix.RAMFS_MAGIC && root.Type != unix.TMPFS_MAGIC {
		return nil
	}
	tree, err := unix.OpenTree(unix.AT_FDCWD, Folder, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(tree)
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return err
	}
	return forget(tree, list)
}

// forget removes the files that lie in an open folder itself; one that is gone already is no fault.
func forget(folder int, list []Module) error {
	for _, module := range list {
		if path.Dir(module.Path) != Folder {
			continue
		}
		if err := unix.Unlinkat(folder, path.Base(module.Path), 0); err != nil && err != unix.ENOENT {
			return err
		}
	}
	return nil
}
