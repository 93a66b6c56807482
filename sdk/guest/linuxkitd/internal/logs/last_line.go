package logs

import (
	"io"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/console"
)

const (
	longestLine = 300
	tailBytes   = 2000
	tailLines   = 20
)

// LastLine is the last line of the first file that has one, fit for the console.
func LastLine(paths ...string) string {
	for _, path := range paths {
		lines := strings.Split(tail(path, tailBytes), "\n")
		for at := len(lines) - 1; at >= 0; at-- {
			if line := console.Plain(lines[at], longestLine); line != "" {
				return line
			}
		}
	}
	return ""
}

// LastLines are the last lines of a file, for people.
func LastLines(path string) string {
	lines := strings.Split(strings.TrimRight(tail(path, 16<<10), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

func tail(path string, bytes int64) string {
	file, err := Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > bytes {
		_, _ = file.Seek(-bytes, io.SeekEnd)
	}
	text, _ := io.ReadAll(io.LimitReader(file, bytes))
	return string(text)
}
