package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"pulumi-linuxkit/linuxkitd/internal/guard"
	"pulumi-linuxkit/linuxkitd/internal/process"
)

// Terminal is the size of a session's terminal, and the kind of it.
type Terminal struct {
	Rows, Columns uint16
	Term          string
}

// Session is a command in a container with input and output, which somebody uses.
type Session struct {
	*process.Child
	// ours are the machine's ends; those of a terminal are one file
	stdin, stdout, stderr *os.File
	terminal              *os.File
}

// sessions counts them, for the names of their files.
var sessions atomic.Int64

// mostSession is how long the runtime may take to start a command.
const mostSession = 30 * time.Second

// Session starts a command as a check is run: with the container's own user, groups, capabilities, filter of system calls
// and control group. The container has its own ends of pipes or a terminal, never the machine's. It is killed when ctx is
// done.
func (w *Running) Session(ctx context.Context, command []string, terminal *Terminal) (*Session, error) {
	// not named by the container, for the path of a socket is short
	base := path.Join(processFolder, fmt.Sprintf(".session-%d", sessions.Add(1)))
	file, pidFile, socket := base+".json", base+".pid", base+".sock"
	defer func() {
		for _, made := range []string{file, pidFile, socket} {
			_ = os.Remove(made)
		}
	}()
	if err := w.writeSession(file, command, terminal); err != nil {
		return nil, err
	}
	args := []string{"exec", "--detach", "--process", file, "--pid-file", pidFile}
	if terminal != nil {
		args = append(args, "--console-socket", socket)
	}
	args = append(args, w.container.ID)
	if terminal != nil {
		return w.withTerminal(ctx, args, pidFile, socket, *terminal)
	}
	return w.withPipes(ctx, args, pidFile)
}

func (w *Running) withPipes(ctx context.Context, args []string, pidFile string) (*Session, error) {
	var theirs, ours []*os.File
	for index := range 3 {
		read, write, err := os.Pipe()
		if err != nil {
			closeAll(append(theirs, ours...))
			return nil, err
		}
		// its process may be of any user, and may open /dev/stdin or /dev/stdout again
		if index == 0 {
			theirs, ours = append(theirs, read), append(ours, write)
			_ = read.Chmod(0o644)
		} else {
			theirs, ours = append(theirs, write), append(ours, read)
			_ = write.Chmod(0o622)
		}
	}
	child, err := w.begin(ctx, theirs, args, pidFile)
	closeAll(theirs)
	if err != nil {
		why := firstLine(ours[2])
		closeAll(ours)
		if why != "" {
			err = fmt.Errorf("%w: %s", err, why)
		}
		return nil, err
	}
	return w.guarded(ctx, &Session{Child: child, stdin: ours[0], stdout: ours[1], stderr: ours[2]}), nil
}

// withTerminal receives the terminal from the runtime, which opens it inside the container (runc, docs/terminals.md).
func (w *Running) withTerminal(ctx context.Context, args []string, pidFile, socket string, terminal Terminal) (*Session, error) {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	_ = listener.SetDeadline(time.Now().Add(mostSession))
	received := make(chan *os.File, 1)
	guard.Go("the terminal of a command", func() {
		defer close(received)
		if file, err := receiveTerminal(listener); err == nil {
			received <- file
		}
	})
	stdin, err := nothing()
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		stdin.Close()
		return nil, err
	}
	child, err := w.begin(ctx, []*os.File{stdin, write, write}, args, pidFile)
	stdin.Close()
	write.Close()
	why := firstLine(read)
	read.Close()
	if err != nil {
		listener.Close()
		if file := <-received; file != nil {
			file.Close()
		}
		if why != "" {
			err = fmt.Errorf("%w: %s", err, why)
		}
		return nil, err
	}
	file := <-received
	if file == nil {
		endAll(child)
		return nil, errors.New("the runtime gave no terminal")
	}
	session := &Session{Child: child, stdin: file, stdout: file, terminal: file}
	session.Resize(terminal.Rows, terminal.Columns)
	return w.guarded(ctx, session), nil
}

// begin runs the runtime to its end, and takes over the process that it has left.
func (w *Running) begin(ctx context.Context, files []*os.File, args []string, pidFile string) (*process.Child, error) {
	release := w.runtime.children.Hold()
	defer release()
	starting, err := w.runtime.startWith(files, args...)
	if err != nil {
		return nil, err
	}
	over := time.NewTimer(mostSession)
	defer over.Stop()
	select {
	case <-starting.Done():
	case <-ctx.Done():
		_ = starting.Signal(unix.SIGKILL)
	case <-over.C:
		_ = starting.Signal(unix.SIGKILL)
	}
	if status := starting.Status(); status != 0 {
		return nil, fmt.Errorf("it cannot be started: %s ended with exit status %d", w.runtime.name, status)
	}
	pid, err := readPid(pidFile)
	if err != nil {
		return nil, err
	}
	return w.runtime.children.Adopt(pid)
}

// guarded ends the session with its context, or with its container.
func (w *Running) guarded(ctx context.Context, session *Session) *Session {
	guard.Go("the end of a command", func() {
		select {
		case <-ctx.Done():
		case <-w.Done():
		case <-session.Done():
			return
		}
		endAll(session.Child)
	})
	return session
}

// endAll ends a process and what is of its session.
func endAll(child *process.Child) {
	_ = child.Living(func(pid int) error { return unix.Kill(-pid, unix.SIGKILL) })
	_ = child.Signal(unix.SIGKILL)
}

// receiveTerminal takes the one descriptor that the runtime sends.
func receiveTerminal(listener *net.UnixListener) (*os.File, error) {
	connection, err := listener.AcceptUnix()
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(mostSession))
	name, control := make([]byte, 256), make([]byte, unix.CmsgSpace(4))
	_, length, _, _, err := connection.ReadMsgUnix(name, control)
	if err != nil {
		return nil, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:length])
	if err != nil {
		return nil, err
	}
	for _, message := range messages {
		descriptors, err := unix.ParseUnixRights(&message)
		if err != nil || len(descriptors) != 1 {
			continue
		}
		unix.CloseOnExec(descriptors[0])
		// so that a read that waits ends when the file is closed
		if err := unix.SetNonblock(descriptors[0], true); err != nil {
			unix.Close(descriptors[0])
			return nil, err
		}
		return os.NewFile(uintptr(descriptors[0]), "a terminal"), nil
	}
	return nil, errors.New("the runtime sent no terminal")
}

// Stdin ends the command's input when it is closed. A terminal's is ended by the character for it.
func (s *Session) Stdin() io.WriteCloser {
	if s.terminal != nil {
		return openEnded{s.terminal}
	}
	return s.stdin
}

type openEnded struct{ io.Writer }

func (openEnded) Close() error { return nil }

// Stdout is the command's standard output, or all that its terminal shows.
func (s *Session) Stdout() io.Reader { return s.stdout }

// Stderr is nil with a terminal.
func (s *Session) Stderr() io.Reader {
	if s.stderr == nil {
		return nil
	}
	return s.stderr
}

// Resize sets the size of the terminal.
func (s *Session) Resize(rows, columns uint16) {
	if s.terminal == nil {
		return
	}
	if raw, err := s.terminal.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
		})
	}
}

// Wait gives the exit status.
func (s *Session) Wait() int { return s.Status() }

// Close ends the command, and gives back what is held for it.
func (s *Session) Close() {
	endAll(s.Child)
	closeAll([]*os.File{s.stdin, s.stdout, s.stderr})
}

func closeAll(files []*os.File) {
	for _, file := range files {
		if file != nil {
			file.Close()
		}
	}
}

// firstLine is the beginning of what was said into a pipe so far.
func firstLine(read *os.File) string {
	_ = read.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	text := make([]byte, 512)
	length, _ := read.Read(text)
	_ = read.SetReadDeadline(time.Time{})
	line, _, _ := strings.Cut(string(text[:max(length, 0)]), "\n")
	return strings.ToValidUTF8(line, "?")
}

// writeSession writes the process of config.json with a command, and with the terminal that was asked for.
func (w *Running) writeSession(file string, command []string, terminal *Terminal) error {
	text, err := os.ReadFile(w.container.Bundle + "/config.json")
	if err != nil {
		return err
	}
	process, err := sessionOf(text, command, terminal)
	if err != nil {
		return err
	}
	return os.WriteFile(file, process, 0o600)
}

func sessionOf(config []byte, command []string, terminal *Terminal) ([]byte, error) {
	text, err := processOf(config, command)
	if err != nil || terminal == nil {
		return text, err
	}
	var parsed map[string]json.RawMessage
	if err := json.Unmarshal(text, &parsed); err != nil {
		return nil, err
	}
	var env []string
	if given, has := parsed["env"]; has {
		if err := json.Unmarshal(given, &env); err != nil {
			return nil, err
		}
	}
	if terminal.Term != "" {
		env = append(slices.DeleteFunc(env, func(pair string) bool { return strings.HasPrefix(pair, "TERM=") }), "TERM="+terminal.Term)
	}
	if parsed["env"], err = json.Marshal(env); err != nil {
		return nil, err
	}
	parsed["terminal"] = json.RawMessage("true")
	parsed["consoleSize"] = json.RawMessage(`{"height":` + strconv.Itoa(int(terminal.Rows)) + `,"width":` + strconv.Itoa(int(terminal.Columns)) + `}`)
	return json.Marshal(parsed)
}
