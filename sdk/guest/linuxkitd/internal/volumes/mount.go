// Package volumes mounts the volumes in memory: /containers/volumes/NAME/{lower,tmp,merged}.
package volumes

import (
	"fmt"
	"os"
	"path/filepath"

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
	for _, volume := range volumes {
		// the disk of a persistent volume is mounted by a task, and "merged" leads there
		if info, err := os.Lstat(volume + "/merged"); err != nil || !info.IsDir() {
			continue
		}
		if err := mountOne(volume); err != nil {
			return fmt.Errorf("volume %s cannot be mounted: %w", filepath.Base(volume), err)
		}
	}
	return nil
}

func mountOne(volume string) error {
	if _, err := os.Stat(volume + "/tmp"); err == nil {
		return mount.Overlay(volume+"/lower", volume+"/tmp", volume+"/merged", "50%")
	}
	if err := mount.Bind(volume+"/lower", volume+"/merged"); err != nil {
		return err
	}
	return mount.Rebind(volume+"/merged", "ro")
}
