package forward

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, lines <-chan string, want ...string) {
	t.Helper()
	for _, line := range want {
		select {
		case got := <-lines:
			if got != line {
				t.Fatalf("got %q, wanted %q", got, line)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("got nothing, wanted %q", line)
		}
	}
}

func TestALogIsFollowedOverItsChangesOfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.log")
	lines := follow(t.Context(), path, true)
	time.Sleep(50 * time.Millisecond)
	write(t, path, "one\ntw")
	expect(t, lines, "one")
	write(t, path, "o\nthree\n")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, path, "four\n")
	expect(t, lines, "two", "three", "four")
}

func TestAfterAFailureWhatWasWrittenBeforeStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.log")
	write(t, path, "old\n")
	lines := follow(t.Context(), path, false)
	time.Sleep(100 * time.Millisecond)
	write(t, path, "new\n")
	expect(t, lines, "new")
}

func TestALineWithoutEndIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.log")
	write(t, path, strings.Repeat("x", 10*longestLine)+"\nnext\n")
	expect(t, follow(t.Context(), path, true), strings.Repeat("x", longestLine), "next")
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func TestSyslog(t *testing.T) {
	listener := listen(t)
	address, _ := url.Parse("tcp://" + listener.Addr().String())
	lines := make(chan string, 2)
	lines <- "one"
	lines <- strings.Repeat("y", 2*longestMessage)
	close(lines)
	go func() { _ = toSyslog(t.Context(), target{"web", address}, "machine", lines) }()
	connection, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(connection)
	if want := "<14>1 - machine web - - - one\n<14>1 - machine web - - - " + strings.Repeat("y", longestMessage) + "\n"; string(text) != want {
		t.Errorf("got %.200q", text)
	}
}

func TestHTTP(t *testing.T) {
	listener := listen(t)
	address, _ := url.Parse("http://" + listener.Addr().String() + "/in?x=1")
	for status, good := range map[string]bool{"HTTP/1.1 200 OK\r\n\r\n": true, "HTTP/1.1 204\r\n\r\n": true, "HTTP/1.1 500 No\r\n\r\n": false, "no\r\n": false} {
		asked := make(chan string, 1)
		go func() {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			defer connection.Close()
			head, body := bufio.NewReader(connection), make([]byte, 8)
			request := ""
			for !strings.HasSuffix(request, "\r\n\r\n") {
				line, err := head.ReadString('\n')
				if err != nil {
					break
				}
				request += line
			}
			_, _ = io.ReadFull(head, body)
			asked <- request + string(body)
			_, _ = io.WriteString(connection, status)
		}()
		err := post(t.Context(), target{"web", address}, "machine", "one\ntwo\n")
		if (err == nil) != good {
			t.Errorf("%q: got %v", status, err)
		}
		want := "POST /in?x=1 HTTP/1.1\r\nHost: " + address.Host + "\r\nContent-Type: text/plain\r\nContent-Length: 8\r\nService: web\r\nMachine: machine\r\nConnection: close\r\n\r\none\ntwo\n"
		if got := <-asked; got != want {
			t.Errorf("got %q", got)
		}
	}
}

func TestABatchIsBounded(t *testing.T) {
	lines := make(chan string)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for {
			select {
			case lines <- strings.Repeat("x", 1000):
			case <-ctx.Done():
				return
			}
		}
	}()
	if got := len(gather("first", lines)); got < mostBatch || got > mostBatch+2000 {
		t.Errorf("got %d bytes", got)
	}
}

func TestAList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	for text, good := range map[string]bool{"web tcp://10.0.0.5:601\ndb http://c/in\n": true, "web\n": false, "web ftp://x\n": false, "": true} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readList(path); (err == nil) != good {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
