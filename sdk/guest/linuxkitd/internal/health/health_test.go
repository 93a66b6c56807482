package health

import (
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// serve answers each connection by a function, and gives its port.
func serve(t *testing.T, answer func(net.Conn)) int {
	t.Helper()
	return answering(t, "tcp4", "127.0.0.1:0", answer).Addr().(*net.TCPAddr).Port
}

// answering listens until the test ends, and answers each connection by a function.
func answering(t *testing.T, kind, address string, answer func(net.Conn)) net.Listener {
	t.Helper()
	listener, err := net.Listen(kind, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				answer(connection)
			}()
		}
	}()
	return listener
}

func says(text string) func(net.Conn) {
	return func(connection net.Conn) {
		_, _ = connection.Read(make([]byte, 4096))
		_, _ = io.WriteString(connection, text)
	}
}

func TestHTTP(t *testing.T) {
	for name, row := range map[string]struct {
		answer string
		want   int
		why    string
	}{
		"as wanted":                   {"HTTP/1.1 200 OK\r\n\r\n", 200, ""},
		"HTTP/1.0":                    {"HTTP/1.0 200 OK\r\n\r\n", 200, ""},
		"without a reason":            {"HTTP/1.1 204\r\n\r\n", 204, ""},
		"line feeds alone":            {"HTTP/1.1 200 OK\n\n", 200, ""},
		"a redirect is not followed":  {"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", 200, "answered with status 302, not 200"},
		"a redirect as wanted":        {"HTTP/1.1 302 Found\r\n\r\n", 302, ""},
		"500":                         {"HTTP/1.1 500 No\r\n\r\n", 200, "answered with status 500, not 200"},
		"what only says it will come": {"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200, ""},
		"no HTTP":                     {"hello\n", 200, "the answer is no HTTP"},
		"nothing":                     {"", 200, "the answer is no HTTP"},
		"a line without end":          {"HTTP/1.1 " + strings.Repeat("2", 10_000), 200, "the answer is no HTTP"},
		"a status of four digits":     {"HTTP/1.1 2000 OK\r\n\r\n", 200, "the answer is no HTTP"},
		"a status with a sign":        {"HTTP/1.1 +20 OK\r\n\r\n", 20, "the answer is no HTTP"},
		"HTTP/2":                      {"HTTP/2 200 OK\r\n\r\n", 200, "the answer is no HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			port := serve(t, says(row.answer))
			err := HTTP(nil, port, "/x?a=b", row.want, 5*time.Second)
			switch {
			case row.why == "" && err != nil:
				t.Error(err)
			case row.why != "" && (err == nil || !strings.Contains(err.Error(), row.why)):
				t.Errorf("got %v, wanted %s", err, row.why)
			}
		})
	}
}

func TestTheReasonHoldsNothingOfTheAnswer(t *testing.T) {
	port := serve(t, says("a secret of the service\r\n\r\n"))
	err := HTTP(nil, port, "/", 200, time.Second)
	if want := "port " + strconv.Itoa(port) + ": the answer is no HTTP"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestTheRequestIsOneOfHTTP(t *testing.T) {
	asked := make(chan string, 1)
	port := serve(t, func(connection net.Conn) {
		request := make([]byte, 4096)
		length, _ := connection.Read(request)
		asked <- string(request[:length])
		_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\n\r\n")
	})
	if err := HTTP(nil, port, "/ok?a=b&c=$HOME", 200, time.Second); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; !strings.HasPrefix(got, "GET /ok?a=b&c=$HOME HTTP/1.1\r\nHost: 127.0.0.1:") || !strings.HasSuffix(got, "\r\n\r\n") {
		t.Errorf("got %q", got)
	}
}

// the attack: headers without end filled the memory of a root process
func TestHeadersWithoutEndEnd(t *testing.T) {
	for name, first := range map[string]string{"after 200": "HTTP/1.1 200 OK\r\n", "after 100": "HTTP/1.1 100 Continue\r\n"} {
		sent := make(chan int, 1)
		port := serve(t, func(connection net.Conn) {
			_, _ = io.WriteString(connection, first)
			header, total := "X: "+strings.Repeat("a", 400)+"\r\n", 0
			for {
				written, err := io.WriteString(connection, header)
				if total += written; err != nil {
					sent <- total
					return
				}
			}
		})
		err := HTTP(nil, port, "/", 200, 10*time.Second)
		if (err == nil) != (name == "after 200") {
			t.Errorf("%s: got %v", name, err)
		}
		// what the kernel's buffers took, and no more
		if total := <-sent; total > 16<<20 {
			t.Errorf("%s: %d bytes were taken", name, total)
		}
	}
}

func TestTimeLimits(t *testing.T) {
	silent := serve(t, func(connection net.Conn) { time.Sleep(2 * time.Second) })
	slow := serve(t, func(connection net.Conn) {
		for _, letter := range "HTTP/1.1 200 OK\r\n" {
			_, _ = connection.Write([]byte{byte(letter)})
			time.Sleep(100 * time.Millisecond)
		}
	})
	for _, port := range []int{silent, slow} {
		began := time.Now()
		err := HTTP(nil, port, "/", 200, 300*time.Millisecond)
		if err == nil || !strings.HasSuffix(err.Error(), "no answer within 0.3 s") || time.Since(began) > time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	}
}

func TestTCP(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := TCP(nil, port, time.Second); err != nil {
		t.Error(err)
	}
	listener.Close()
	if err := TCP(nil, port, time.Second); err == nil || !strings.HasSuffix(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

func FuzzStatus(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\n\r\n")
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404\n")
	f.Fuzz(func(t *testing.T, answer string) {
		status, err := readStatus(strings.NewReader(answer))
		if err == nil && (status < 0 || status > 999) {
			t.Errorf("%q: %d", answer, status)
		}
	})
}
