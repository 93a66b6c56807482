package forward

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

const (
	longestMessage = 8192
	mostBatch      = 24 << 10
	patience       = 10 * time.Second
)

var errStopped = errors.New("there are no more lines")

// toSyslog sends each line by RFC 5424, facility user, severity info, without a time of its own; a line feed ends each
// (RFC 6587, 3.4.2).
func toSyslog(ctx context.Context, to target, machine string, lines <-chan string) error {
	connection, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", to.url.Host)
	if err != nil {
		return err
	}
	defer connection.Close()
	// what the collector says is read and passed over, so that its end is seen
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, connection)
		close(gone)
	}()
	head := fmt.Sprintf("<14>1 - %s %s - - - ", machine, to.service)
	for {
		select {
		case <-gone:
			return io.EOF
		case line, more := <-lines:
			if !more {
				return errStopped
			}
			_ = connection.SetWriteDeadline(time.Now().Add(patience))
			if _, err := io.WriteString(connection, head+line[:min(len(line), longestMessage)]+"\n"); err != nil {
				return err
			}
		}
	}
}

// toHTTP posts what comes within a second in one request.
func toHTTP(ctx context.Context, to target, machine string, lines <-chan string) error {
	for {
		line, more := <-lines
		if !more {
			return errStopped
		}
		batch := gather(line, lines)
		if err := post(ctx, to, machine, batch); err != nil {
			return err
		}
	}
}

func gather(first string, lines <-chan string) string {
	var batch strings.Builder
	batch.WriteString(first + "\n")
	for batch.Len() < mostBatch {
		timer := time.NewTimer(time.Second)
		select {
		case line, more := <-lines:
			timer.Stop()
			if !more {
				return batch.String()
			}
			batch.WriteString(line + "\n")
		case <-timer.C:
			return batch.String()
		}
	}
	return batch.String()
}

// post is one request of HTTP/1.1. The package net/http would double the program.
func post(ctx context.Context, to target, machine, text string) error {
	host := to.url.Host
	if to.url.Port() == "" {
		host = net.JoinHostPort(to.url.Hostname(), "80")
	}
	connection, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	path := to.url.RequestURI()
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nService: %s\r\nMachine: %s\r\nConnection: close\r\n\r\n%s", path, to.url.Host, len(text), to.service, machine, text)
	if _, err := io.WriteString(connection, request); err != nil {
		return err
	}
	status, err := bufio.NewReaderSize(io.LimitReader(connection, 4096), 4096).ReadString('\n')
	if err != nil {
		return err
	}
	if words := strings.Fields(status); len(words) < 2 || !strings.HasPrefix(words[1], "2") {
		return fmt.Errorf("the collector answered %q", status)
	}
	return nil
}
