package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestStatusIsAnswered(t *testing.T) {
	c := call(t, newFake(), Reader)
	c.open(1, `{"method":"status"}`)
	said, outcome := c.finish(1)
	var status Status
	if err := json.Unmarshal([]byte(said), &status); err != nil || status.Services[0].Name != "web" || outcome != (Outcome{}) {
		t.Errorf("got %q, %+v, %v", said, outcome, err)
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		request string
		role    Role
		code    string
	}{
		"a reader's command":        {`{"method":"exec","name":"web","command":["cat"]}`, Reader, "refused"},
		"a role of another release": {`{"method":"exec","name":"web","command":["cat"]}`, "owner", "refused"},
		"a method that is none":     {`{"method":"reboot"}`, Administrator, "invalid"},
		"no JSON":                   {`status`, Administrator, "invalid"},
		"two requests":              {`{"method":"status"}{"method":"status"}`, Administrator, "invalid"},
		"an unknown member":         {`{"method":"status","role":"administrator"}`, Reader, "invalid"},
		"no command":                {`{"method":"exec","name":"web"}`, Administrator, "invalid"},
		"a NUL in an argument":      {`{"method":"exec","name":"web","command":["a\u0000b"]}`, Administrator, "invalid"},
		"a term with a space":       {`{"method":"exec","name":"web","command":["a"],"terminal":{"rows":1,"columns":1,"term":"a b"}}`, Administrator, "invalid"},
		"no service's name":         {`{"method":"logs"}`, Reader, "invalid"},
		"a log that is not there":   {`{"method":"logs","name":"../../etc/shadow"}`, Reader, "not-found"},
		"a service that is not":     {`{"method":"exec","name":"db","command":["cat"]}`, Administrator, "not-found"},
		"fewer than no lines":       {`{"method":"logs","name":"web","lines":-1}`, Reader, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			c := call(t, newFake(), row.role)
			c.open(1, row.request)
			if said, outcome := c.finish(1); said != "" || outcome.Code != row.code || outcome.Message == "" {
				t.Errorf("got %q, %+v", said, outcome)
			}
		})
	}
}

func TestACommandHearsAndAnswers(t *testing.T) {
	c := call(t, newFake(), Administrator)
	c.open(9, `{"method":"exec","name":"web","command":["cat"]}`)
	c.send(Data, 9, []byte("hello\n"))
	c.send(Resize, 9, []byte{0, 24, 0, 80})
	c.send(EOF, 9, nil)
	said := ""
	for granted := false; ; {
		frame := c.receive()
		switch frame.Kind {
		case Grant:
			granted = true
		case Data:
			said += string(frame.Payload)
		case End:
			if said != "hello\n" || !granted || string(frame.Payload) != `{"status":7}` {
				t.Errorf("got %q, %v, %s", said, granted, frame.Payload)
			}
			return
		}
	}
}

// a client that does not read stops its own command, and nothing else
func TestAStreamSendsNoMoreThanIsGranted(t *testing.T) {
	c := call(t, newFake(), Administrator)
	c.open(1, `{"method":"exec","name":"web","command":["yes"]}`)
	for got := 0; got < Window; {
		frame := c.receive()
		got += len(frame.Payload)
		if got > Window {
			t.Fatalf("%d bytes", got)
		}
	}
	c.open(2, `{"method":"status"}`)
	if frame := c.receive(); frame.Stream != 2 {
		t.Fatalf("got %+v", frame)
	}
	if frame := c.receive(); frame.Kind != End || frame.Stream != 2 {
		t.Fatalf("got %+v", frame)
	}
	c.send(Cancel, 1, nil)
	if frame := c.receive(); frame.Kind != End || frame.Stream != 1 {
		t.Fatalf("got %+v", frame)
	}
}

func TestACommandEndsWithItsConnection(t *testing.T) {
	machine := newFake()
	c := call(t, machine, Administrator)
	for stream := range uint32(3) {
		c.open(stream, `{"method":"exec","name":"web","command":["sleep"]}`)
	}
	c.connection.Close()
	for range 3 {
		select {
		case <-machine.ended:
		case <-time.After(10 * time.Second):
			t.Fatal("a command goes on")
		}
	}
}

func TestAClientThatBreaksTheRulesIsLeft(t *testing.T) {
	exec := `{"method":"exec","name":"web","command":["sleep"]}`
	for name, speak := range map[string]func(*caller){
		"more input than is granted": func(c *caller) {
			c.open(1, exec)
			for range 2 * Window / MostPayload {
				_, _ = c.connection.Write(appendFrame(nil, Frame{Data, 1, make([]byte, MostPayload)}))
			}
		},
		"input after its end": func(c *caller) {
			c.open(1, exec)
			c.send(EOF, 1, nil)
			c.send(Data, 1, []byte("x"))
		},
		"a stream twice": func(c *caller) {
			c.open(1, exec)
			c.open(1, exec)
		},
		"too many streams": func(c *caller) {
			for stream := range uint32(mostStreams + 1) {
				_, _ = c.connection.Write(appendFrame(nil, Frame{Open, stream, []byte(exec)}))
			}
		},
		"a grant without bounds": func(c *caller) {
			c.open(1, exec)
			c.send(Grant, 1, []byte{0xff, 0xff, 0xff, 0xff})
		},
		"a frame of the machine's":  func(c *caller) { c.send(End, 1, nil) },
		"a frame without a kind":    func(c *caller) { c.send(0, 1, nil) },
		"a frame that is too large": func(c *caller) { _, _ = c.connection.Write([]byte{2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}) },
	} {
		t.Run(name, func(t *testing.T) {
			c := call(t, newFake(), Administrator)
			// what the machine says meanwhile is not read by the speaker
			speak(c)
			if err := c.broken(); err == nil {
				t.Error("no reason")
			}
		})
	}
}

func TestWithoutAHelloNothingIsAnswered(t *testing.T) {
	ours, theirs := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(theirs, Administrator, newFake()) }()
	_ = ours.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := ours.Write([]byte(strings.Repeat("GET / HTTP/1.1\r\n", 2))); err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(ours); len(text) > 0 {
		t.Errorf("got %q", text)
	}
	if err := <-served; err == nil {
		t.Error("it was served")
	}
}

// FuzzServe feeds a connection any bytes after its hello: it ends, and sends only whole frames.
func FuzzServe(f *testing.F) {
	hello := []byte(Magic + strings.Repeat("x", HelloBytes-len(Magic)))
	seed := func(frames ...Frame) {
		var all []byte
		for _, frame := range frames {
			all = appendFrame(all, frame)
		}
		f.Add(all)
	}
	seed(Frame{Open, 1, []byte(`{"method":"status"}`)}, Frame{Grant, 1, []byte{0, 0, 1, 0}})
	seed(Frame{Open, 1, []byte(`{"method":"exec","name":"web","command":["cat"]}`)}, Frame{Data, 1, []byte("x")}, Frame{EOF, 1, nil}, Frame{Cancel, 1, nil})
	seed(Frame{Open, 1, []byte(`{"method":"metrics"}`)}, Frame{Open, 2, []byte(`{"method":"events"}`)}, Frame{Resize, 2, []byte{0, 1, 0, 1}})
	f.Fuzz(func(t *testing.T, sent []byte) {
		var said bytes.Buffer
		_ = Serve(&heard{Reader: bytes.NewReader(append(bytes.Clone(hello), sent...)), Writer: &said}, Administrator, newFake())
		rest := said.Bytes()[min(said.Len(), HelloBytes):]
		for len(rest) > 0 {
			if len(rest) < headBytes {
				t.Fatalf("half a head: %x", rest)
			}
			length := int(rest[5])<<24 | int(rest[6])<<16 | int(rest[7])<<8 | int(rest[8])
			if length > MostPayload || len(rest) < headBytes+length {
				t.Fatalf("half a frame: %x", rest)
			}
			rest = rest[headBytes+length:]
		}
	})
}

type heard struct {
	io.Reader
	io.Writer
}

func (h *heard) Close() error { return nil }

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"method":"exec","name":"web","command":["sh"],"terminal":{"rows":24,"columns":80,"term":"xterm"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		request, err := decodeRequest(text)
		if err != nil {
			return
		}
		if request.Method == "exec" && (len(request.Command) == 0 || strings.Contains(strings.Join(request.Command, ""), "\x00")) {
			t.Fatalf("%q was taken", text)
		}
	})
}
