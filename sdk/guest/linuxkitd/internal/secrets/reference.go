package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// reference says which secret of the cloud is which secret of a service.
type reference struct{ service, name, at string }

var errShape = errors.New("not { SERVICE: { NAME: reference } }")

// parseReferences reads `{ SERVICE: { NAME: reference } }` in the order of the text.
func parseReferences(text []byte) ([]reference, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	var list []reference
	if err := members(decoder, func(service string) error {
		return members(decoder, func(name string) error {
			at, err := decoder.Token()
			text, isText := at.(string)
			if err != nil || !isText {
				return errShape
			}
			list = append(list, reference{service, name, text})
			return nil
		})
	}); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errShape
	}
	return list, nil
}

// members reads an object and calls value where each member's value begins.
func members(decoder *json.Decoder, value func(key string) error) error {
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return errShape
	}
	for decoder.More() {
		key, err := decoder.Token()
		name, isText := key.(string)
		if err != nil || !isText {
			return errShape
		}
		if err := value(name); err != nil {
			return err
		}
	}
	if end, err := decoder.Token(); err != nil || end != json.Delim('}') {
		return errShape
	}
	return nil
}
