// Package volumes mounts the volumes in memory: /containers/volumes/NAME/{lower,tmp,merged}.
package volumes

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"pulumi-linuxkit/linuxkitd/internal/mount"
)

// Overlays is whether one of them is an overlay.
func Overlays() bool {
	written, _ := filepath.Glob("/containers/volumes/*/tmp")
	return len(written) > 0
}

// Mount mounts all of them. A volume shows its image at "merged"; one that has a folder "tmp" may be written, into memory.
func Mount() error {
	volumes, _ := filepath.Glob("/containers/volumes/*")
	written, _ := filepath.Glob("/containers/volumes/*/tmp")
	size := sizeOf(len(written))
	for _, volume := range volumes {
		// the disk of a persistent volume is mounted by a task, and "merged" leads there
		if info, err := os.Lstat(volume + "/merged"); err != nil || !info.IsDir() {
			continue
		}
		if err := mountOne(volume, size); err != nil {
			return fmt.Errorf("volume %s cannot be mounted: %w", filepath.Base(volume), err)
		}
	}
	return nil
}

// sizeOf is the part of the memory that each of so many volumes holds: together half of it, for what they hold outlives the service
// that wrote it, and so its limit of memory.
func sizeOf(count int) string { return strconv.Itoa(max(1, 50/max(1, count))) + "%" }

func mountOne(volume, size string) error {
	if _, err := os.Stat(volume + "/tmp"); err == nil {
		return mount.Overlay(volume+"/lower", volume+"/tmp", volume+"/merged", size)
	}
	if err := mount.Bind(volume+"/lower", volume+"/merged"); err != nil {
		return err
	}
	return mount.Rebind(volume+"/merged", "ro")
}
