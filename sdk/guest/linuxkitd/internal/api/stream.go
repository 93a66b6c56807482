package api

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// stream is one request with its bytes both ways.
type stream struct {
	ctx     context.Context
	stop    context.CancelFunc
	session *session
	id      uint32
	input   *input
	// sizes of the terminal that are still to be set; the newest counts
	sizes chan size

	mu     sync.Mutex
	credit int
	// has an entry when there is more credit
	more chan struct{}
}

type size struct{ rows, columns uint16 }

func newStream(ctx context.Context, s *session, id uint32) *stream {
	ctx, stop := context.WithCancel(ctx)
	made := &stream{ctx: ctx, stop: stop, session: s, id: id, credit: Window, more: make(chan struct{}, 1), sizes: make(chan size, 1)}
	made.input = &input{stream: made, change: make(chan struct{}, 1)}
	return made
}

// mostCredit is more than a client has reason to grant at once.
const mostCredit = 1 << 20

func (s *stream) grant(bytes uint32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes > mostCredit || s.credit+int(bytes) > mostCredit {
		return errors.New("a client granted more than any stream takes")
	}
	s.credit += int(bytes)
	wake(s.more)
	return nil
}

// take gives how many of the wanted bytes may be sent now, waiting for at least one.
func (s *stream) take(wanted int) (int, error) {
	for {
		s.mu.Lock()
		taken := min(wanted, s.credit, MostPayload)
		s.credit -= taken
		if s.credit > 0 {
			wake(s.more)
		}
		s.mu.Unlock()
		if taken > 0 {
			return taken, nil
		}
		select {
		case <-s.more:
		case <-s.ctx.Done():
			return 0, s.ctx.Err()
		}
	}
}

// output writes frames of one kind: standard output and standard error share what the client grants.
type output struct {
	stream *stream
	kind   Kind
}

func (o output) Write(bytes []byte) (int, error) {
	written := 0
	for written < len(bytes) {
		taken, err := o.stream.take(len(bytes) - written)
		if err != nil {
			return written, err
		}
		if err := o.stream.session.send(Frame{o.kind, o.stream.id, bytes[written : written+taken]}); err != nil {
			return written, err
		}
		written += taken
	}
	return written, nil
}

func (s *stream) resize(rows, columns uint16) {
	select {
	case <-s.sizes:
	default:
	}
	select {
	case s.sizes <- size{rows, columns}:
	default:
	}
}

// input is what the client has sent and nobody has read yet, at most a Window.
type input struct {
	stream *stream
	mu     sync.Mutex
	bytes  []byte
	ended  bool
	change chan struct{}
}

func (i *input) put(bytes []byte) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended || len(i.bytes)+len(bytes) > Window {
		return errors.New("a client sent more than it was granted")
	}
	i.bytes = append(i.bytes, bytes...)
	wake(i.change)
	return nil
}

func (i *input) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended = true
	wake(i.change)
}

// Read gives what there is, and grants the client as much again.
func (i *input) Read(into []byte) (int, error) {
	for {
		i.mu.Lock()
		read := copy(into, i.bytes)
		i.bytes = append(i.bytes[:0], i.bytes[read:]...)
		ended := i.ended
		i.mu.Unlock()
		if read > 0 {
			return read, i.stream.session.send(Frame{Grant, i.stream.id, binary.BigEndian.AppendUint32(nil, uint32(read))})
		}
		if ended || len(into) == 0 {
			return 0, io.EOF
		}
		select {
		case <-i.change:
		case <-i.stream.ctx.Done():
			return 0, i.stream.ctx.Err()
		}
	}
}

func wake(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}
