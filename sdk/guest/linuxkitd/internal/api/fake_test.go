package api

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// fakeMachine echoes what its commands read.
type fakeMachine struct {
	events *Events
	logs   map[string]string
	// ended has an entry for each command that was ended
	ended chan struct{}
}

func newFake() *fakeMachine {
	return &fakeMachine{events: NewEvents(), logs: map[string]string{}, ended: make(chan struct{}, 64)}
}

func (m *fakeMachine) Status() Status {
	return Status{Kernel: "6.1", BootID: "id", Services: []ServiceStatus{{Name: "web", State: "ok", Running: true}}, Tasks: m.events.Tasks()}
}

func (m *fakeMachine) Events() *Events { return m.events }

func (m *fakeMachine) Log(name string) (string, bool) {
	path, found := m.logs[name]
	return path, found
}

func (m *fakeMachine) Exec(ctx context.Context, name string, command []string, terminal *Terminal) (Process, error) {
	if name != "web" {
		return nil, fail("not-found", "name: got %s", name)
	}
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	process := &fakeProcess{machine: m, stdin: inWrite, stdout: outRead, done: make(chan struct{})}
	go func() {
		defer close(process.done)
		defer outWrite.Close()
		defer inRead.Close()
		// it is killed with its context, whatever it waits for
		stopped := context.AfterFunc(ctx, func() {
			inRead.Close()
			outWrite.Close()
		})
		defer stopped()
		switch command[0] {
		case "cat":
			_, _ = io.Copy(outWrite, inRead)
		case "yes":
			for ctx.Err() == nil {
				if _, err := io.WriteString(outWrite, strings.Repeat("y\n", 1000)); err != nil {
					return
				}
			}
		case "sleep":
			<-ctx.Done()
		}
		process.status = 7
	}()
	return process, nil
}

type fakeProcess struct {
	machine       *fakeMachine
	stdin, stdout *os.File
	done          chan struct{}
	status        int
}

func (p *fakeProcess) Stdin() io.WriteCloser { return p.stdin }
func (p *fakeProcess) Stdout() io.Reader     { return p.stdout }
func (p *fakeProcess) Stderr() io.Reader     { return nil }
func (p *fakeProcess) Resize(_, _ uint16)    {}

func (p *fakeProcess) Wait() int {
	<-p.done
	return p.status
}

func (p *fakeProcess) Close() {
	p.stdin.Close()
	p.stdout.Close()
	p.machine.ended <- struct{}{}
}

// caller is the client's side of a connection, as a test writes it.
type caller struct {
	t          *testing.T
	connection net.Conn
	served     chan error
}

func call(t *testing.T, machine Machine, role Role) *caller {
	t.Helper()
	ours, theirs := net.Pipe()
	made := &caller{t, ours, make(chan error, 1)}
	go func() { made.served <- Serve(theirs, role, machine) }()
	t.Cleanup(func() { ours.Close() })
	_ = ours.SetDeadline(time.Now().Add(20 * time.Second))
	hello := []byte(Magic + strings.Repeat("x", HelloBytes-len(Magic)))
	if _, err := ours.Write(hello); err != nil {
		t.Fatal(err)
	}
	back := make([]byte, HelloBytes)
	if _, err := io.ReadFull(ours, back); err != nil || string(back) != string(hello) {
		t.Fatalf("got %q, %v", back, err)
	}
	return made
}

func (c *caller) send(kind Kind, stream uint32, payload []byte) {
	c.t.Helper()
	if _, err := c.connection.Write(appendFrame(nil, Frame{kind, stream, payload})); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) open(stream uint32, request string) {
	c.t.Helper()
	c.send(Open, stream, []byte(request))
}

// receive reads the next frame of the machine.
func (c *caller) receive() Frame {
	c.t.Helper()
	var head [headBytes]byte
	if _, err := io.ReadFull(c.connection, head[:]); err != nil {
		c.t.Fatal(err)
	}
	payload := make([]byte, binary.BigEndian.Uint32(head[5:]))
	if _, err := io.ReadFull(c.connection, payload); err != nil {
		c.t.Fatal(err)
	}
	return Frame{Kind(head[0]), binary.BigEndian.Uint32(head[1:]), payload}
}

// finish reads to the end of a stream, granting all that comes.
func (c *caller) finish(stream uint32) (said string, outcome Outcome) {
	c.t.Helper()
	for {
		frame := c.receive()
		if frame.Stream != stream {
			c.t.Fatalf("a frame of stream %d", frame.Stream)
		}
		switch frame.Kind {
		case Data, Stderr:
			said += string(frame.Payload)
			// a machine that has said all hears no more, and a pipe has no buffer: in a goroutine
			go func() {
				_, _ = c.connection.Write(appendFrame(nil, Frame{Grant, stream, binary.BigEndian.AppendUint32(nil, uint32(len(frame.Payload)))}))
			}()
		case End:
			if err := json.Unmarshal(frame.Payload, &outcome); err != nil {
				c.t.Fatal(err)
			}
			return said, outcome
		}
	}
}

// broken waits until the machine has ended the connection, and gives why.
func (c *caller) broken() error {
	c.t.Helper()
	go func() { _, _ = io.Copy(io.Discard, c.connection) }()
	select {
	case err := <-c.served:
		return err
	case <-time.After(10 * time.Second):
		c.t.Fatal("the connection goes on")
		return nil
	}
}
