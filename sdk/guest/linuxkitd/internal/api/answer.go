package api

import (
	"encoding/json"
	"io"
	"strconv"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/guard"
)

// answer carries out a request; it gives the exit status of a command.
func (s *session) answer(on *stream, text []byte) (int, error) {
	request, err := decodeRequest(text)
	if err != nil {
		return 0, err
	}
	out := output{on, Data}
	switch request.Method {
	case "status":
		return 0, json.NewEncoder(out).Encode(s.machine.Status())
	case "metrics":
		_, err := io.WriteString(out, metrics(s.machine.Status(), s.machine.Events().Stages()))
		return 0, err
	case "events":
		return 0, s.machine.Events().write(on.ctx, out, request.Follow)
	case "logs":
		path, found := s.machine.Log(request.Name)
		if !found {
			return 0, fail("not-found", "name: got %s, wanted a service or a task of this machine", strconv.Quote(request.Name))
		}
		return 0, writeLog(on.ctx, out, path, request.Lines, request.Follow)
	default:
		if s.role != Administrator {
			return 0, fail("refused", "exec: the role %s may only read: use a certificate of the role administrator", s.role)
		}
		return s.exec(on, request)
	}
}

// exec runs a command with the stream's bytes as its input and output.
func (s *session) exec(on *stream, request Request) (int, error) {
	process, err := s.machine.Exec(on.ctx, request.Name, request.Command, request.Terminal)
	if err != nil {
		return 0, err
	}
	defer process.Close()
	s.beside("the input of a command", func() {
		stdin := process.Stdin()
		defer stdin.Close()
		_, _ = io.Copy(stdin, on.input)
	})
	s.beside("the size of a terminal", func() {
		for {
			select {
			case size := <-on.sizes:
				process.Resize(size.rows, size.columns)
			case <-on.ctx.Done():
				return
			}
		}
	})
	said := make(chan struct{}, 2)
	outputs := 0
	for kind, from := range map[Kind]io.Reader{Data: process.Stdout(), Stderr: process.Stderr()} {
		if from == nil {
			continue
		}
		outputs++
		s.beside("the output of a command", func() {
			defer func() { said <- struct{}{} }()
			_, _ = io.Copy(output{on, kind}, from)
		})
	}
	status := process.Wait()
	// what it has left running may hold on to the output
	over := time.NewTimer(lastWords)
	defer over.Stop()
	for range outputs {
		select {
		case <-said:
		case <-on.ctx.Done():
		case <-over.C:
			return status, on.ctx.Err()
		}
	}
	return status, on.ctx.Err()
}

// lastWords is how long output may come after the end of its command.
const lastWords = time.Second

// beside runs work that ends with its stream, before the connection's end is told.
func (s *session) beside(what string, work func()) {
	s.all.Go(func() { _ = guard.Run(what, work) })
}
