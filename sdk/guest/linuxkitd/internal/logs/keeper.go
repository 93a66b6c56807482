// Package logs keeps what containers write, within bounds.
package logs

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Keep copies what a container writes into the file at path until the container has closed its end. Each file holds at
// most half of size; the one before is beside it with the ending ".1". What cannot be written is passed over, and reading
// goes on: a full disk never stops the writer. What comes faster than a keeper writes is dropped, and the log says how
// much.
func Keep(from io.Reader, path string, size int64) { keep(from, path, size, newBudget()) }

func keep(from io.Reader, path string, size int64, may *budget) {
	keeper := &keeper{path: path, half: max(1, size/2)}
	defer keeper.close()
	// it is there from the start, empty: a reader can open it before the first line
	keeper.open()
	buffer := make([]byte, 4096)
	for {
		read, err := from.Read(buffer)
		if read > 0 {
			allowed, dropped := may.take(int64(read))
			keeper.note(dropped)
			keeper.put(buffer[:allowed])
		}
		if err != nil && !errors.Is(err, io.ErrShortBuffer) {
			keeper.note(may.dropped)
			return
		}
	}
}

type keeper struct {
	path string
	half int64
	file *os.File
	room int64
	// whether the last byte ended a line
	midLine bool
}

// note says in the log what is missing of it.
func (k *keeper) note(dropped int64) {
	if dropped == 0 {
		return
	}
	line := fmt.Sprintf("linuxkitd: %d bytes were dropped: more than %d a second\n", dropped, perSecond)
	if k.midLine {
		line = "\n" + line
	}
	k.put([]byte(line))
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
		k.midLine = part[len(part)-1] != '\n'
		bytes = bytes[len(part):]
		if k.room -= int64(len(part)); k.room == 0 {
			k.close()
			_ = os.Rename(k.path, k.path+".1")
		}
	}
}

// open goes on with what an earlier start of the same service wrote.
func (k *keeper) open() bool {
	file, err := open(k.path, unix.O_WRONLY|unix.O_CREAT|unix.O_APPEND)
	if err != nil {
		return false
	}
	if info, err := file.Stat(); err == nil {
		k.room = k.half - info.Size()
	}
	if k.room <= 0 {
		file.Close()
		_ = os.Rename(k.path, k.path+".1")
		if file, err = open(k.path, unix.O_WRONLY|unix.O_CREAT|unix.O_APPEND); err != nil {
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
