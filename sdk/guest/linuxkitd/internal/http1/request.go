// Package http1 asks one question by HTTP/1.1 and reads the answer within bounds.
// net/http would bring TLS, HTTP/2 and proxies into programs that have no use for them.
package http1

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// Header is one header field.
type Header struct{ Name, Value string }

// Request is one question. Redirects and proxies are never followed.
type Request struct {
	// Method is GET when it is empty.
	Method string
	// Address is HOST:PORT, and what the header Host says unless the port is the protocol's own.
	Address string
	// Dial connects to the address, by TCP unless it is set.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Path begins with a slash and may have a query.
	Path    string
	Headers []Header
	Body    []byte
}

// Do sends a request on a connection of its own and reads the whole answer.
// An answer with a body longer than limit bytes is an error.
// The context must have a deadline, or the caller waits for as long as the server likes.
func Do(ctx context.Context, request Request, limit int) (Response, error) {
	head, err := request.head()
	if err != nil {
		return Response{}, err
	}
	dial := request.Dial
	if dial == nil {
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		}
	}
	connection, err := dial(ctx, request.Address)
	if err != nil {
		return Response{}, err
	}
	defer connection.Close()
	// a read or write that waits ends with the context
	stop := context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := connection.Write(append(head, request.Body...)); err != nil {
		return Response{}, reason(ctx, err)
	}
	response, err := Read(connection, limit)
	if err != nil {
		return Response{}, reason(ctx, err)
	}
	return response, nil
}

// Host is the value of the header Host.
func (r Request) Host() string {
	return strings.TrimSuffix(strings.TrimSuffix(r.Address, ":80"), ":443")
}

// reason is the context's error where that is why a connection failed.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// head is the request line and the header fields (RFC 9112, sections 3 and 5).
func (r Request) head() ([]byte, error) {
	method := r.Method
	if method == "" {
		method = "GET"
	}
	if !strings.HasPrefix(r.Path, "/") || !isVisible(r.Path) || !isVisible(r.Address) {
		return nil, fmt.Errorf("not an address of HTTP: %q", r.Address+r.Path)
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, r.Path, r.Host())
	for _, field := range r.Headers {
		if strings.ContainsFunc(field.Value, func(c rune) bool { return c < ' ' || c > '~' }) {
			return nil, fmt.Errorf("not a value for the header %s", field.Name)
		}
		fmt.Fprintf(&head, "%s: %s\r\n", field.Name, field.Value)
	}
	if r.Body != nil {
		fmt.Fprintf(&head, "Content-Length: %d\r\n", len(r.Body))
	} else if method != "GET" {
		head.WriteString("Content-Length: 0\r\n")
	}
	head.WriteString("\r\n")
	return head.Bytes(), nil
}

// isVisible reports whether text has visible ASCII alone, so that it can break no line.
func isVisible(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' })
}
