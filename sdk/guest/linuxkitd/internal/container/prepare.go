package container

import (
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/mount"
)

// Prepare puts the root filesystem together and does what the definition asks for around it.
func (c *Container) Prepare() error {
	if err := c.root(); err != nil {
		return err
	}
	for _, group := range c.Cgroups {
		if err := os.MkdirAll("/sys/fs/cgroup/"+group, 0o755); err != nil {
			return err
		}
	}
	return c.fill(func(string) bool { return true })
}

// Renew makes a writable root as it was before the first start: nothing that a service has written outlives it.
func (c *Container) Renew() error {
	if c.Container.Rootfs.Readonly {
		return nil
	}
	c.Release()
	if err := c.root(); err != nil {
		return err
	}
	// what lies elsewhere is there still
	return c.fill(func(name string) bool { return strings.HasPrefix(name, c.Rootfs()+"/") })
}

// fill makes the mounts and folders whose places are wanted.
func (c *Container) fill(wanted func(name string) bool) error {
	for _, asked := range c.Mounts {
		destination := path.Clean(c.inside(asked.Destination))
		// the mounts that put the root together may be among them
		if destination == c.Rootfs() || destination == c.Bundle+"/tmp" || !wanted(destination) {
			continue
		}
		var err error
		if within, is := c.within(destination); is {
			err = mount.AskedInside(asked.Type, asked.Source, asked.Options, c.Rootfs(), within)
		} else {
			err = mount.Asked(asked.Type, asked.Source, asked.Options, destination)
		}
		if err != nil {
			return err
		}
	}
	for _, folder := range c.Mkdir {
		if name := path.Clean(c.inside(folder)); wanted(name) {
			if err := c.folder(name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Container) inside(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return c.Rootfs() + "/" + name
}

// within gives the path inside of its root filesystem, where a path of the machine lies there.
func (c *Container) within(name string) (string, bool) {
	inside, is := strings.CutPrefix(name, c.Rootfs()+"/")
	return "/" + inside, is
}

func (c *Container) folder(name string) error {
	var folder *os.File
	var err error
	if within, is := c.within(name); is {
		folder, err = mount.MakeInside(c.Rootfs(), within)
	} else {
		folder, err = mount.MakeFolder(name)
	}
	if err != nil {
		return err
	}
	defer folder.Close()
	if c.IDBase == 0 {
		return nil
	}
	return os.Chown(mount.ByDescriptor(folder), c.IDBase, c.IDBase)
}

func (c *Container) root() error {
	extracted := c.Container.Rootfs.Extracted
	switch {
	case !c.Container.Rootfs.Readonly:
		if extracted == "" {
			extracted = c.Bundle + "/lower"
		}
		return mount.Overlay(extracted, c.Bundle+"/tmp", c.Rootfs(), c.rootSize())
	case c.IDBase != 0:
		// in a user namespace the runtime can make mount points only where the machine's seal is taken off for it; then
		// it seals the root itself
		if extracted == "" {
			extracted = c.Rootfs()
		}
		if err := mount.Bind(extracted, c.Rootfs()); err != nil {
			return err
		}
		return mount.Rebind(c.Rootfs(), "rw")
	case extracted != "" && path.Clean(extracted) != c.Rootfs():
		return mount.Bind(extracted, c.Rootfs())
	}
	return nil
}

// rootSize is what may be written to its root. tmpfs(5) has half of the memory as its own default: two that are full take
// all of it.
func (c *Container) rootSize() string {
	if size := c.Container.Rootfs.Size; size > 0 {
		return strconv.FormatInt(size, 10)
	}
	return "25%"
}

// Release gives back the memory that a writable root holds.
func (c *Container) Release() {
	if c.Container.Rootfs.Readonly {
		return
	}
	_ = unix.Unmount(c.Rootfs(), unix.MNT_DETACH)
	_ = unix.Unmount(c.Bundle+"/tmp", unix.MNT_DETACH)
}
