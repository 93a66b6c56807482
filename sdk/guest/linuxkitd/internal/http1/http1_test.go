package http1

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestReadTakesEveryFraming(t *testing.T) {
	for _, row := range []struct{ name, answer, body string }{
		{"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more", "hello"},
		{"chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", "hello"},
		{"the connection's end", "HTTP/1.0 200 OK\r\n\r\nhello", "hello"},
		{"line feeds alone", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "hello"},
		{"an answer before the answer", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
		{"no body by its status", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", ""},
		{"any bytes", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\r\n\x00\xff", "\r\n\x00\xff"},
	} {
		response, err := Read(strings.NewReader(row.answer), 5)
		if err != nil || string(response.Body) != row.body {
			t.Errorf("%s: got %q and %v, wanted %q", row.name, response.Body, err, row.body)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, row := range []struct{ name, answer, message string }{
		{"nothing", "", "unexpected EOF"},
		{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP"},
		{"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "not HTTP"},
		{"an end within the header fields", "HTTP/1.1 200 OK\r\nContent-Le", "unexpected EOF"},
		{"header fields without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("a: b\r\n", 4000), "too many header fields"},
		{"one line without end", "HTTP/1.1 200 " + strings.Repeat("x", 20000), "too many header fields"},
		{"a body longer than allowed, by its length", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!", "longer than 5 bytes"},
		{"a body longer than allowed, in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n2\r\no!\r\n0\r\n\r\n", "longer than 5 bytes"},
		{"a body longer than allowed, without a length", "HTTP/1.1 200 OK\r\n\r\nhello!", "longer than 5 bytes"},
		{"a chunk of four gigabytes", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", "chunk without a size"},
		{"a chunk that is cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhe", "unexpected EOF"},
		{"a chunk that goes on", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello", "chunk without an end"},
		{"a body that is cut", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "unexpected EOF"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello", "length is not a number"},
		{"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "length is not a number"},
		{"chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "transfer encoding"},
		{"compression", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "transfer encoding"},
	} {
		if _, err := Read(strings.NewReader(row.answer), 5); err == nil || !strings.Contains(err.Error(), row.message) {
			t.Errorf("%s: got %v, wanted %q", row.name, err, row.message)
		}
	}
}

func TestDoIsUnderstoodByAnotherServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.Method+" "+r.URL.String()+" "+r.Header.Get("Metadata")+" "+string(body))
	}))
	defer server.Close()
	request := Request{Method: "PUT", Address: server.Listener.Addr().String(), Path: "/a/b?c=d", Headers: []Header{{"Metadata", "true"}}, Body: []byte("x")}
	response, err := Do(t.Context(), request, 100)
	if err != nil || response.Status != http.StatusTeapot || response.Line != "HTTP/1.1 418 I'm a teapot" || string(response.Body) != "PUT /a/b?c=d true x" {
		t.Fatalf("got %v %q %q %v", response.Status, response.Line, response.Body, err)
	}
}

func TestDoRefusesWhatWouldBreakALine(t *testing.T) {
	for name, request := range map[string]Request{
		"a path with a line break":     {Address: "127.0.0.1:1", Path: "/a\r\nX: y"},
		"a path with a space":          {Address: "127.0.0.1:1", Path: "/a HTTP/1.0"},
		"a path without a slash":       {Address: "127.0.0.1:1", Path: "a"},
		"an address with a line break": {Address: "127.0.0.1\n:1", Path: "/"},
		"a header with a line break":   {Address: "127.0.0.1:1", Path: "/", Headers: []Header{{"A", "b\r\nc"}}},
	} {
		var failed net.Error
		if _, err := Do(t.Context(), request, 1); err == nil || errors.As(err, &failed) {
			t.Errorf("%s: got %v, wanted a refusal before the connection", name, err)
		}
	}
}

func TestDoEndsWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Do(ctx, Request{Address: listener.Addr().String(), Path: "/"}, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, wanted the context's end", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not Found\n\nx"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		response, err := Read(bytes.NewReader(answer), 64)
		if len(response.Body) > 64 {
			t.Fatalf("a body of %d bytes", len(response.Body))
		}
		if err != nil {
			return
		}
		// whatever is taken here means the same to net/http, where that takes it too
		other, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
		if err != nil || other.StatusCode != response.Status {
			return
		}
		body, err := io.ReadAll(other.Body)
		if err == nil && !bytes.Equal(body, response.Body) {
			t.Fatalf("got %q, net/http has %q", response.Body, body)
		}
	})
}
