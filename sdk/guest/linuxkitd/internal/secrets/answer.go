package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/printable"
)

// decode reads one JSON document into target. Its error names no content: it may be a secret.
func decode(body []byte, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if decoder.Decode(target) != nil {
		return errors.New("the answer is not the JSON that was wanted")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the answer is more than one JSON document")
	}
	return nil
}

// shown is SERVICE.NAME, fit to be shown.
func shown(service, name string) string { return printable.Line(service + "." + name) }

// refusal is why a service gave no value: its own kind of fault, or else the status, and its message.
func refusal(what, kind string, status int, message string) error {
	if kind == "" {
		kind = fmt.Sprintf("status %d", status)
	}
	return errors.New(strings.TrimSpace(what + ": " + kind + " " + printable.Line(message)))
}
