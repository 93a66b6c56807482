package http1

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/printable"
)

// headLimit is the greatest size of a status line with its header fields.
const headLimit = 16 << 10

// Response is an answer with its whole body.
type Response struct {
	Status int
	// Line is the status line, printable: "HTTP/1.1 404 Not Found".
	Line string
	Body []byte
}

// Read reads one answer (RFC 9112). It holds at most limit bytes of body and 16 KiB of header fields.
func Read(source io.Reader, limit int) (Response, error) {
	reader := &lines{bufio.NewReader(source), headLimit}
	for {
		response, framing, err := readHead(reader)
		if err != nil {
			return Response{}, err
		}
		if response.Status >= 100 && response.Status < 200 {
			continue
		}
		if response.Status != 204 && response.Status != 304 {
			response.Body, err = readBody(reader, framing, limit)
		}
		return response, err
	}
}

// framing says where a body ends.
type framing struct {
	chunked bool
	// length is -1 where the connection's end is the body's.
	length int64
}

func readHead(reader *lines) (Response, framing, error) {
	body := framing{length: -1}
	line, err := reader.next()
	if err != nil {
		return Response{}, body, err
	}
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if (version != "HTTP/1.1" && version != "HTTP/1.0") || err != nil || len(code) != 3 || status < 100 {
		return Response{}, body, errors.New("the answer is not HTTP")
	}
	response := Response{Status: status, Line: printable.Line(line)}
	for {
		line, err := reader.next()
		if err != nil || line == "" {
			return response, body, err
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "transfer-encoding":
			// framing that HTTP/1.0 does not have is faulty (RFC 9112, section 6.1)
			if version == "HTTP/1.0" || !strings.EqualFold(value, "chunked") {
				return response, body, errors.New("the answer has a transfer encoding that is not known here")
			}
			body.chunked = true
		case "content-length":
			length, err := strconv.ParseUint(value, 10, 62)
			if err != nil || (body.length >= 0 && body.length != int64(length)) {
				return response, body, errors.New("the answer's length is not a number")
			}
			body.length = int64(length)
		}
	}
}

func readBody(reader *lines, body framing, limit int) ([]byte, error) {
	switch {
	case body.chunked:
		return readChunks(reader, limit)
	case body.length > int64(limit):
		return nil, tooLong(limit)
	case body.length >= 0:
		content := make([]byte, body.length)
		_, err := io.ReadFull(reader.source, content)
		return content, unexpected(err)
	}
	content, err := io.ReadAll(io.LimitReader(reader.source, int64(limit)+1))
	if len(content) > limit {
		return nil, tooLong(limit)
	}
	return content, err
}

// readChunks reads a body in chunks (RFC 9112, section 7.1). What follows the last chunk is left unread.
func readChunks(reader *lines, limit int) ([]byte, error) {
	var content []byte
	for {
		reader.left = headLimit
		line, err := reader.next()
		if err != nil {
			return nil, err
		}
		digits, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 31)
		if err != nil {
			return nil, errors.New("the answer has a chunk without a size")
		}
		if size == 0 {
			return content, nil
		}
		if len(content)+int(size) > limit {
			return nil, tooLong(limit)
		}
		start := len(content)
		content = append(content, make([]byte, size)...)
		if _, err := io.ReadFull(reader.source, content[start:]); err != nil {
			return nil, unexpected(err)
		}
		if end, err := reader.next(); err != nil || end != "" {
			return nil, errors.New("the answer has a chunk without an end")
		}
	}
}

func tooLong(limit int) error { return fmt.Errorf("the answer is longer than %d bytes", limit) }

// unexpected makes an end within a body an error of its own.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// lines reads lines of at most left bytes together.
type lines struct {
	source *bufio.Reader
	left   int
}

func (l *lines) next() (string, error) {
	var line []byte
	for {
		part, err := l.source.ReadSlice('\n')
		if l.left -= len(part); l.left < 0 {
			return "", errors.New("the answer has too many header fields")
		}
		line = append(line, part...)
		if err == nil {
			return strings.TrimSuffix(string(line[:len(line)-1]), "\r"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", unexpected(err)
		}
	}
}
