// Package api is the interface to the machine: status, logs, events, metrics, and commands in services. sdk/api is the
// other side.
//
// A connection carries frames, each of one stream:
//
//	KIND (1 byte) STREAM (4 bytes) LENGTH (4 bytes) PAYLOAD (LENGTH bytes)
//
// Numbers are big endian. The client begins with Hello, which the machine sends back, and opens streams; each has one
// request, bytes both ways, and one end. A side sends only what the other has granted: see Window.
package api

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Kind of a frame.
type Kind byte

const (
	// Open begins a stream; its payload is a Request.
	Open Kind = 1
	// Data is standard input to the machine; standard output, or the answer, from it.
	Data Kind = 2
	// Stderr is what a command says on standard error.
	Stderr Kind = 3
	// EOF ends standard input.
	EOF Kind = 4
	// Grant allows so many bytes more of Data and Stderr: 4 bytes.
	Grant Kind = 5
	// Resize is the terminal's size: rows and columns, 2 bytes each.
	Resize Kind = 6
	// Cancel ends a stream from the client's side.
	Cancel Kind = 7
	// End is the last of a stream from the machine's side; its payload is an Outcome.
	End Kind = 8
)

const (
	headBytes = 9
	// MostPayload is the most that a frame carries.
	MostPayload = 16 << 10
	// Window is what either side may send of a stream before the other grants more.
	Window = 64 << 10
)

// Frame is one frame.
type Frame struct {
	Kind    Kind
	Stream  uint32
	Payload []byte
}

// ReadFrame reads a frame that a client may send. It takes no more memory than the frame has.
func ReadFrame(from io.Reader) (Frame, error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return Frame{}, err
	}
	frame := Frame{Kind: Kind(head[0]), Stream: binary.BigEndian.Uint32(head[1:])}
	length := binary.BigEndian.Uint32(head[5:])
	if err := checkLength(frame.Kind, length); err != nil {
		return Frame{}, err
	}
	frame.Payload = make([]byte, length)
	if _, err := io.ReadFull(from, frame.Payload); err != nil {
		return Frame{}, err
	}
	return frame, nil
}

func checkLength(kind Kind, length uint32) error {
	least, most := uint32(0), uint32(0)
	switch kind {
	case Open:
		least, most = 2, MostPayload
	case Data:
		least, most = 1, MostPayload
	case Grant, Resize:
		least, most = 4, 4
	case EOF, Cancel:
	default:
		return fmt.Errorf("a frame of kind %d, wanted one that a client sends", kind)
	}
	if length < least || length > most {
		return fmt.Errorf("a frame of kind %d with %d bytes, wanted %d to %d", kind, length, least, most)
	}
	return nil
}

// appendFrame appends a frame's bytes.
func appendFrame(to []byte, frame Frame) []byte {
	to = append(to, byte(frame.Kind))
	to = binary.BigEndian.AppendUint32(to, frame.Stream)
	to = binary.BigEndian.AppendUint32(to, uint32(len(frame.Payload)))
	return append(to, frame.Payload...)
}
