package metadata

import "strings"

// diskOf is the name of the disk that a tag `linuxkit.disk.NAME` is about; empty for every other tag.
// The name becomes a file's: letters, digits, `.`, `_` and `-`, and no `.` at its start.
func diskOf(tag string) string {
	name, found := strings.CutPrefix(tag, "linuxkit.disk.")
	if !found || name == "" || name[0] == '.' || len(name) > 128 || strings.ContainsFunc(name, isNoNameLetter) {
		return ""
	}
	return name
}

func isNoNameLetter(c rune) bool {
	switch {
	case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '.', c == '_', c == '-':
		return false
	}
	return true
}
