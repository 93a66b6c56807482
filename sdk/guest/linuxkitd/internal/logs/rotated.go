package logs

import "os"

// Rotated tells whether the log at a path is another file than the open one, or the open one cannot be looked at.
func Rotated(file *os.File, path string) bool {
	own, err := file.Stat()
	if err != nil {
		return true
	}
	now, err := os.Stat(path)
	return err == nil && !os.SameFile(own, now)
}
