package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

const (
	// Magic begins a client's hello; the last digit is the version of the protocol.
	Magic = "lkapi/1\n"
	// HelloBytes is the length of a hello: the magic, and random bytes by which the client knows what is meant for it.
	HelloBytes = 32
	// mostStreams are open at once on a connection.
	mostStreams = 32
)

// session is one connection of a client.
type session struct {
	connection io.ReadWriter
	role       Role
	machine    Machine

	writing sync.Mutex
	buffer  []byte

	mu      sync.Mutex
	streams map[uint32]*stream
	all     sync.WaitGroup
}

// Serve serves a connection to its end. Whatever it had started has ended then, if closing the connection ends the writes
// that wait.
func Serve(connection io.ReadWriteCloser, role Role, machine Machine) error {
	ctx, stop := context.WithCancel(context.Background())
	s := &session{connection: connection, role: role, machine: machine, streams: map[uint32]*stream{}}
	err := s.run(ctx)
	stop()
	connection.Close()
	s.all.Wait()
	return err
}

func (s *session) run(ctx context.Context) error {
	hello := make([]byte, HelloBytes)
	if _, err := io.ReadFull(s.connection, hello); err != nil {
		return err
	}
	if !bytes.HasPrefix(hello, []byte(Magic)) {
		return fmt.Errorf("the client does not begin with %q", Magic)
	}
	if _, err := s.connection.Write(hello); err != nil {
		return err
	}
	for {
		frame, err := ReadFrame(s.connection)
		if err != nil {
			return err
		}
		if err := s.take(ctx, frame); err != nil {
			return err
		}
	}
}

// take carries out what a frame asks for. What concerns a stream that has ended is passed over.
func (s *session) take(ctx context.Context, frame Frame) error {
	if frame.Kind == Open {
		return s.open(ctx, frame)
	}
	s.mu.Lock()
	found := s.streams[frame.Stream]
	s.mu.Unlock()
	if found == nil {
		return nil
	}
	switch frame.Kind {
	case Data:
		return found.input.put(frame.Payload)
	case EOF:
		found.input.end()
	case Grant:
		return found.grant(binary.BigEndian.Uint32(frame.Payload))
	case Resize:
		found.resize(binary.BigEndian.Uint16(frame.Payload), binary.BigEndian.Uint16(frame.Payload[2:]))
	case Cancel:
		found.stop()
	}
	return nil
}

func (s *session) open(ctx context.Context, frame Frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[frame.Stream] != nil {
		return fmt.Errorf("stream %d is open already", frame.Stream)
	}
	if len(s.streams) >= mostStreams {
		return fmt.Errorf("more than %d streams at once", mostStreams)
	}
	opened := newStream(ctx, s, frame.Stream)
	s.streams[frame.Stream] = opened
	s.all.Go(func() { _ = guard.Run("the end of a request", func() { s.serve(opened, frame) }) })
	return nil
}

// serve answers a request, and ends its stream with the outcome.
func (s *session) serve(opened *stream, frame Frame) {
	outcome := Outcome{Status: 1, Code: "failed", Message: "it panicked"}
	_ = guard.Run("a request to the machine", func() { outcome = outcomeOf(s.answer(opened, frame.Payload)) })
	s.mu.Lock()
	delete(s.streams, frame.Stream)
	s.mu.Unlock()
	opened.stop()
	text, _ := json.Marshal(outcome)
	_ = s.send(Frame{End, frame.Stream, text})
}

// send writes a frame as a whole.
func (s *session) send(frame Frame) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.buffer = appendFrame(s.buffer[:0], frame)
	_, err := s.connection.Write(s.buffer)
	return err
}
