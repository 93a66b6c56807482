package forward

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/logs"
)

const (
	longestLine = 32 << 10
	// how often a log is looked at
	pace = 200 * time.Millisecond
)

// follow gives the lines of a log as they are written, from its beginning or from its end, over its changes of file. What
// was written before the file changed is read to its end first.
func follow(ctx context.Context, path string, fromStart bool) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for ctx.Err() == nil {
			file, err := logs.Open(path)
			if err != nil {
				fromStart = true
				sleep(ctx, pace)
				continue
			}
			if !fromStart {
				_, _ = file.Seek(0, io.SeekEnd)
			}
			fromStart = true
			followFile(ctx, file, path, lines)
			file.Close()
		}
	}()
	return lines
}

// followFile ends when another file has the path.
func followFile(ctx context.Context, file *os.File, path string, lines chan<- string) {
	var line []byte
	chunk := make([]byte, 4096)
	changed := false
	for ctx.Err() == nil {
		read, err := file.Read(chunk)
		for rest := chunk[:read]; len(rest) > 0; {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				line = append(line, rest[:min(len(rest), longestLine-len(line))]...)
				break
			}
			line = append(line, rest[:min(end, longestLine-len(line))]...)
			if !send(ctx, lines, string(line)) {
				return
			}
			line, rest = line[:0], rest[end+1:]
		}
		if read > 0 && err == nil {
			continue
		}
		// once more after the change was seen: the last bytes came before it
		if changed {
			if len(line) > 0 {
				send(ctx, lines, string(line))
			}
			return
		}
		if changed = logs.Rotated(file, path); !changed {
			sleep(ctx, pace)
		}
	}
}

func send(ctx context.Context, lines chan<- string, line string) bool {
	select {
	case lines <- line:
		return true
	case <-ctx.Done():
		return false
	}
}
