// Package container prepares a container's root filesystem and runs it by crun or runc.
package container

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// Container is a bundle and its description.
type Container struct {
	description.Container
	// Bundle is the folder of its config.json.
	Bundle string
}

// DescriptionFile is the name of the description beside config.json.
const DescriptionFile = "linuxkitd.json"

// Read reads the container whose bundle is a folder.
func Read(bundle string) (*Container, error) {
	read, err := description.ReadContainer(path.Join(bundle, DescriptionFile))
	if err != nil {
		return nil, err
	}
	return &Container{Container: read, Bundle: bundle}, nil
}

// ReadPhase reads all containers of a phase, in the order of their folders.
func ReadPhase(phase string) ([]*Container, error) {
	files, _ := filepath.Glob(path.Join("/containers", phase, "*", DescriptionFile))
	containers := make([]*Container, 0, len(files))
	for _, file := range files {
		container, err := Read(path.Dir(file))
		if err != nil {
			return nil, err
		}
		containers = append(containers, container)
	}
	return containers, nil
}

// Rootfs is the folder of its root filesystem.
func (c *Container) Rootfs() string { return c.Bundle + "/rootfs" }

// Logs are the files of its standard error and, where it is a task's, its standard output.
func (c *Container) Logs() (log, out string) {
	if c.Service != nil {
		log = "/run/log/" + c.Name + ".log"
		return log, log
	}
	base := "/run/log/" + c.Phase + "/" + c.ID
	return base + ".log", base + ".out.log"
}

// Overlays is whether its root is an overlay, or it may mount one itself (capabilities(7): that takes CAP_SYS_ADMIN).
func (c *Container) Overlays() bool {
	if !c.Container.Rootfs.Readonly || slices.ContainsFunc(c.Mounts, func(asked description.Mount) bool { return asked.Type == "overlay" }) {
		return true
	}
	config, err := os.ReadFile(c.Bundle + "/config.json")
	return err != nil || bytes.Contains(config, []byte("CAP_SYS_ADMIN")) || bytes.Contains(config, []byte(`"overlay"`))
}

// attached is whether something is done to its namespaces or control group before its process starts.
func (c *Container) attached() bool {
	return c.Link != nil || len(c.Interfaces) > 0 || len(c.BindNS) > 0 || c.Delegated
}
