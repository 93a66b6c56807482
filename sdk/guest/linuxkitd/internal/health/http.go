// Package health checks whether a service does its work. All that is read from it is bounded.
package health

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/network"
)

const (
	// of a status line, and of all the heads before the one that counts
	longestLine = 4096
	longestHead = 64 << 10
)

// HTTP asks a port of the namespace for a path and wants a status: of the first answer, so a redirect is a redirect.
func HTTP(namespace *os.File, port int, path string, status int, limit time.Duration) error {
	at := fmt.Sprintf("port %d", port)
	connection, err := dial(namespace, port, limit)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return ask(connection, at, fmt.Sprintf("127.0.0.1:%d", port), path, status, limit)
}

// ask asks over a connection, which it closes.
func ask(connection net.Conn, at, host, path string, status int, limit time.Duration) error {
	defer connection.Close()
	if err := Ask(connection, host, path, status); err != nil {
		return fmt.Errorf("%s: %w", at, Reason(err, limit))
	}
	return nil
}

// Ask sends a request over a connection and wants a status.
func Ask(connection io.ReadWriter, host, path string, status int) error {
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: linuxkitd\r\nAccept: */*\r\nConnection: close\r\n\r\n", path, host)
	if _, err := io.WriteString(connection, request); err != nil {
		return err
	}
	got, err := readStatus(connection)
	if err == nil && got != status {
		err = fmt.Errorf("it answered with status %d, not %d", got, status)
	}
	return err
}

var errNoHTTP = errors.New("the answer is no HTTP")

// readStatus reads the status of an answer, past those that only say that it will come (RFC 9110, 15.2).
func readStatus(from io.Reader) (int, error) {
	lines := bufio.NewReaderSize(io.LimitReader(from, longestHead), longestLine)
	for {
		line, err := readLine(lines)
		if err != nil {
			return 0, err
		}
		status, err := parseStatus(line)
		if err != nil || status < 100 || status > 199 || status == 101 {
			return status, err
		}
		for line != "" {
			if line, err = readLine(lines); err != nil {
				return 0, err
			}
		}
	}
}

func readLine(lines *bufio.Reader) (string, error) {
	line, err := lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || errors.Is(err, io.EOF) {
		return "", errNoHTTP
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// parseStatus reads "HTTP/1.1 200 OK" (RFC 9112, 4).
func parseStatus(line string) (int, error) {
	version, rest, _ := strings.Cut(line, " ")
	if !strings.HasPrefix(version, "HTTP/1.") || len(version) != len("HTTP/1.1") || len(rest) < 3 || (len(rest) > 3 && rest[3] != ' ') {
		return 0, errNoHTTP
	}
	status, err := strconv.ParseUint(rest[:3], 10, 16)
	if err != nil {
		return 0, errNoHTTP
	}
	return int(status), nil
}

// TCP connects to a port of the namespace.
func TCP(namespace *os.File, port int, limit time.Duration) error {
	connection, err := dial(namespace, port, limit)
	if err != nil {
		return fmt.Errorf("port %d: %w", port, err)
	}
	return connection.Close()
}

func dial(namespace *os.File, port int, limit time.Duration) (net.Conn, error) {
	deadline := time.Now().Add(limit)
	var connection net.Conn
	// the socket is made by the thread that is inside, and stays there
	err := network.Inside(namespace, func() error {
		var err error
		dialer := net.Dialer{Deadline: deadline, KeepAlive: -1}
		connection, err = dialer.Dial("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		return err
	})
	if err != nil {
		return nil, Reason(err, limit)
	}
	return connection, connection.SetDeadline(deadline)
}

// Reason is an error in few words.
func Reason(err error, limit time.Duration) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("no answer within %v s", limit.Seconds())
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("no answer within %v s", limit.Seconds())
	}
	var system *os.SyscallError
	if errors.As(err, &system) {
		return system.Err
	}
	return err
}
