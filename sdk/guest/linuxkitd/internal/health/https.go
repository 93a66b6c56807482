package health

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

// AskerFolder has the socket at which the container for TLS waits for checks. That container sees it, and nothing else
// does: the folder above is open to PID 1 alone.
const AskerFolder = "/run/linuxkit/https"

// SocketName is the socket in that folder.
const SocketName = "checks.sock"

// longestReason is the most that is read of an answer.
const longestReason = 1024

// spareAnswer is what an answer may take longer than the check.
const spareAnswer = 500 * time.Millisecond

// Passed begins the answer of a check that passed. A program that ends without a word has not passed it.
const Passed = "ok\n"

// Askers are connections of the container for TLS. PID 1 has no TLS: it connects to the service, in the service's own
// network, and hands the connection over. The container has no network, and no file but what it is sent.
type Askers struct{ waiting chan *net.UnixConn }

// ListenAskers makes the socket for the user of that container.
func ListenAskers(folder string, owner int) (*Askers, error) {
	if err := os.MkdirAll(folder, 0o711); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, SocketName)
	_ = os.Remove(path)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.Chown(path, owner, owner)); err != nil {
		listener.Close()
		return nil, err
	}
	askers := &Askers{make(chan *net.UnixConn)}
	guard.Keep("the checks over TLS", func() { askers.accept(listener) })
	return askers, nil
}

// accept holds one connection until a check takes it. The others wait in the listener's queue.
func (a *Askers) accept(listener *net.UnixListener) {
	for {
		connection, err := listener.AcceptUnix()
		switch {
		case err == nil:
			a.waiting <- connection
		case errors.Is(err, net.ErrClosed):
			return
		default:
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// HTTPS asks a port of the namespace for a path over TLS, and wants a status from a server that an authority has signed.
func (a *Askers) HTTPS(namespace *os.File, port int, question Question, limit time.Duration) error {
	at := fmt.Sprintf("port %d", port)
	deadline := time.Now().Add(limit)
	connection, err := dial(namespace, port, limit)
	if err == nil {
		question.Limit = limit
		err = a.hand(connection, question, deadline)
		connection.Close()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}

// hand gives a connection to whoever waits. One that has ended while it waited is passed over.
func (a *Askers) hand(connection net.Conn, question Question, deadline time.Time) error {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return errors.New("the machine's program for TLS does not run")
		case asker := <-a.waiting:
			_ = asker.SetDeadline(deadline.Add(spareAnswer))
			question.Left = time.Until(deadline)
			if question.put(asker, connection) != nil {
				asker.Close()
				continue
			}
			err := readAnswer(asker, question.Limit)
			asker.Close()
			return err
		}
	}
}

func readAnswer(asker net.Conn, limit time.Duration) error {
	answer := make([]byte, 0, longestReason)
	for len(answer) < longestReason {
		length, err := asker.Read(answer[len(answer):longestReason])
		answer = answer[:len(answer)+length]
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return Reason(err, limit)
			}
			break
		}
	}
	switch text := string(answer); {
	case text == Passed:
		return nil
	case strings.TrimSpace(text) == "":
		return errors.New("the machine's program for TLS ended during the check")
	default:
		return errors.New(text)
	}
}
