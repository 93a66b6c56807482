package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Role is what the other side may ask for.
type Role string

const (
	Reader        Role = "reader"
	Administrator Role = "administrator"
)

// Request is what a stream is opened for.
type Request struct {
	// Method is status, logs, events, metrics or exec.
	Method string `json:"method"`
	// Name of a service; for logs, of a task too.
	Name string `json:"name,omitempty"`
	// Follow goes on with what comes: logs and events.
	Follow bool `json:"follow,omitempty"`
	// Lines is how many of the last lines of a log are wanted; 0 is all that are kept.
	Lines int `json:"lines,omitempty"`
	// Command of exec, with its arguments.
	Command []string `json:"command,omitempty"`
	// Terminal of exec: the command's, which has this size and this value of TERM.
	Terminal *Terminal `json:"terminal,omitempty"`
}

// Terminal is that of a command.
type Terminal struct {
	Rows    uint16 `json:"rows"`
	Columns uint16 `json:"columns"`
	Term    string `json:"term"`
}

// Outcome ends a stream.
type Outcome struct {
	// Status is the exit status of a command.
	Status int `json:"status"`
	// Code and Message say why the request was not carried out: refused, not-found, busy, invalid, failed.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// Failure is why a request is not carried out.
type Failure struct{ Code, Message string }

func (f *Failure) Error() string { return f.Code + ": " + f.Message }

func fail(code, format string, values ...any) error {
	return &Failure{code, fmt.Sprintf(format, values...)}
}

// outcomeOf is the end of a stream after an error, or none.
func outcomeOf(status int, err error) Outcome {
	var failure *Failure
	switch {
	case err == nil:
		return Outcome{Status: status}
	case errors.As(err, &failure):
		return Outcome{Status: 1, Code: failure.Code, Message: failure.Message}
	}
	return Outcome{Status: 1, Code: "failed", Message: err.Error()}
}

const (
	mostTerm  = 64
	mostLines = 1 << 20
)

// decodeRequest reads a request, strictly.
func decodeRequest(text []byte) (Request, error) {
	var request Request
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return Request{}, fail("invalid", "the request: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Request{}, fail("invalid", "something follows the request")
	}
	return request, request.check()
}

func (r *Request) check() error {
	switch r.Method {
	case "status", "metrics", "events":
	case "logs":
		if r.Lines < 0 || r.Lines > mostLines {
			return fail("invalid", "lines: got %d, wanted 0 to %d", r.Lines, mostLines)
		}
	case "exec":
		if len(r.Command) == 0 || r.Command[0] == "" {
			return fail("invalid", "command: got none, wanted a program and its arguments")
		}
		for _, word := range r.Command {
			if strings.Contains(word, "\x00") {
				return fail("invalid", "command: got a NUL, which no argument can hold")
			}
		}
		if terminal := r.Terminal; terminal != nil && (len(terminal.Term) > mostTerm || strings.ContainsFunc(terminal.Term, isOdd)) {
			return fail("invalid", "terminal.term: wanted at most %d printable characters", mostTerm)
		}
	default:
		return fail("invalid", "method: got %q, wanted status, logs, events, metrics or exec", r.Method)
	}
	if (r.Method == "logs" || r.Method == "exec") && r.Name == "" {
		return fail("invalid", "name: got none, wanted the name of a service")
	}
	return nil
}

func isOdd(letter rune) bool { return letter <= ' ' || letter > '~' }
