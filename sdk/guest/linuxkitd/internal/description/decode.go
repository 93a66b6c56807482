// Package description is what the build says of a machine and of each of its containers, as JSON. The schemas are
// declared in sdk/guest/description.ts; schema_test.go holds that these types are the same.
package description

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// mostBytes is more than any description that the build writes.
const mostBytes = 4 << 20

// Version is the one that this program reads.
const Version = 1

// ReadContainer reads the description of a container.
func ReadContainer(path string) (Container, error) {
	return read(path, DecodeContainer)
}

// ReadMachine reads the description of the machine.
func ReadMachine(path string) (Machine, error) {
	return read(path, DecodeMachine)
}

func read[T any](path string, decode func([]byte) (T, error)) (T, error) {
	var nothing T
	file, err := os.Open(path)
	if err != nil {
		return nothing, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err != nil {
		return nothing, err
	}
	decoded, err := decode(text)
	if err != nil {
		return nothing, fmt.Errorf("%s: %w", path, err)
	}
	return decoded, nil
}

// DecodeContainer reads a container's description, strictly.
func DecodeContainer(text []byte) (Container, error) {
	var container Container
	if err := strict(text, &container); err != nil {
		return Container{}, err
	}
	return container, container.check()
}

// DecodeMachine reads the machine's description, strictly.
func DecodeMachine(text []byte) (Machine, error) {
	var machine Machine
	if err := strict(text, &machine); err != nil {
		return Machine{}, err
	}
	return machine, machine.check()
}

func strict(text []byte, into any) error {
	if len(text) > mostBytes {
		return fmt.Errorf("it has more than %d bytes", mostBytes)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON")
	}
	return nil
}
