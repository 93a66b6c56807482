// Package logs keeps what containers write, within bounds.
package logs

import (
	"errors"
	"io"
	"os"
)

// Keep copies what a container writes into the file at path until the container has closed its end. Each file holds at
// most half of size; the one before is beside it with the ending ".1". What cannot be written is passed over, and reading
// goes on: a full disk never stops the writer.
func Keep(from io.Reader, path string, size int64) {
	keeper := &keeper{path: path, half: max(1, size/2)}
	defer keeper.close()
	// it is there from the start, empty: a reader can open it before the first line
	keeper.open()
	buffer := make([]byte, 4096)
	for {
		read, err := from.Read(buffer)
		keeper.put(buffer[:read])
		if err != nil && !errors.Is(err, io.ErrShortBuffer) {
			return
		}
	}
}

type keeper struct {
	path string
	half int64
	file *os.File
	room int64
}

func (k *keeper) put(bytes []byte) {
	for len(bytes) > 0 {
		if k.file == nil && !k.open() {
			return
		}
		part := bytes[:min(int64(len(bytes)), k.room)]
		if _, err := k.file.Write(part); err != nil {
			return
		}
		bytes = bytes[len(part):]
		if k.room -= int64(len(part)); k.room == 0 {
			k.close()
			_ = os.Rename(k.path, k.path+".1")
		}
	}
}

// open goes on with what an earlier start of the same service wrote.
func (k *keeper) open() bool {
	file, err := os.OpenFile(k.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return false
	}
	if info, err := file.Stat(); err == nil {
		k.room = k.half - info.Size()
	}
	if k.room <= 0 {
		file.Close()
		_ = os.Rename(k.path, k.path+".1")
		if file, err = os.OpenFile(k.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
			return false
		}
		k.room = k.half
	}
	k.file = file
	return true
}

func (k *keeper) close() {
	if k.file != nil {
		k.file.Close()
		k.file = nil
	}
}
