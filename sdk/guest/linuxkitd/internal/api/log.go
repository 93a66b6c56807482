package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/logs"
)

// pace is how often a log is looked at.
const pace = 200 * time.Millisecond

// writeLog writes what is kept of a log, or its last lines; to follow it goes on with what is written then. A log is two
// files, the older one with the ending ".1".
func writeLog(ctx context.Context, to io.Writer, path string, lines int, follow bool) error {
	file, err := logs.Open(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	defer func() {
		if file != nil {
			file.Close()
		}
	}()
	// both are open before either is read, so a change of file between loses nothing
	older, err := logs.Open(path + ".1")
	if err == nil {
		defer older.Close()
	}
	if err := writeKept(to, older, file, lines); err != nil || !follow {
		return err
	}
	for ctx.Err() == nil {
		if file == nil {
			if file, err = logs.Open(path); err != nil {
				file = nil
				sleep(ctx)
				continue
			}
		}
		if err := followFile(ctx, to, file, path); err != nil {
			return err
		}
		file.Close()
		file = nil
	}
	return ctx.Err()
}

func writeKept(to io.Writer, older, newest *os.File, lines int) error {
	files := []*os.File{}
	for _, file := range []*os.File{older, newest} {
		if file != nil {
			files = append(files, file)
		}
	}
	if lines > 0 {
		skipTo(files, lines)
	}
	for _, file := range files {
		if _, err := io.Copy(to, file); err != nil {
			return err
		}
	}
	return nil
}

// skipTo sets the files to where the last lines begin, from the end of the newest backwards.
func skipTo(files []*os.File, lines int) {
	last := true
	for at := len(files) - 1; at >= 0; at-- {
		info, err := files[at].Stat()
		if err != nil {
			return
		}
		for end := info.Size(); end > 0; {
			begin := max(0, end-4096)
			chunk := make([]byte, end-begin)
			if _, err := files[at].ReadAt(chunk, begin); err != nil {
				return
			}
			for len(chunk) > 0 {
				found := bytes.LastIndexByte(chunk, '\n')
				if found < 0 {
					break
				}
				// the break at the very end ends the last line and begins none
				if !last || found != len(chunk)-1 {
					if lines--; lines == 0 {
						_, _ = files[at].Seek(begin+int64(found)+1, io.SeekStart)
						for _, before := range files[:at] {
							_, _ = before.Seek(0, io.SeekEnd)
						}
						return
					}
				}
				last = false
				chunk = chunk[:found]
			}
			last = false
			end = begin
		}
	}
}

// followFile ends when another file has the path, and this one was read to its end.
func followFile(ctx context.Context, to io.Writer, file *os.File, path string) error {
	for changed := false; ctx.Err() == nil; {
		copied, err := io.Copy(to, file)
		if err != nil {
			return err
		}
		if changed {
			return nil
		}
		// once more after the change was seen: the last bytes came before it
		if changed = logs.Rotated(file, path); !changed && copied == 0 {
			sleep(ctx)
		}
	}
	return ctx.Err()
}

func sleep(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(pace):
	}
}
