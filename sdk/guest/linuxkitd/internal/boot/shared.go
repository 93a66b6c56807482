package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// LinkShared gives files of the root their other names, so that they are in memory once. A root on a disk has them all. No
// container writes to its image's own files: its root is read-only, or an overlay above them.
func LinkShared(shared []description.Shared) error {
	for _, one := range shared {
		for _, name := range one.Names {
			if err := os.Link(one.File, name); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("the file %s cannot be linked: %w", strings.TrimPrefix(name, "/"), err)
			}
		}
	}
	return nil
}
