package healthz

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"pulumi-linuxkit/linuxkitd/internal/console"
)

const (
	longestLine  = 4096
	mostHeaders  = 64
	longestState = 100
)

// answer reads one request and answers it.
func answer(connection io.ReadWriter, folder string) {
	lines := bufio.NewReaderSize(connection, longestLine)
	first, err := lines.ReadSlice('\n')
	if err != nil {
		return
	}
	words := strings.Fields(string(first))
	for range mostHeaders {
		line, err := lines.ReadSlice('\n')
		if err != nil || strings.TrimRight(string(line), "\r\n") == "" {
			break
		}
	}
	method, path := "", ""
	if len(words) > 1 {
		method, path = words[0], words[1]
	}
	status, text := respond(method, path, folder)
	body := text
	if method == "HEAD" {
		body = ""
	}
	_, _ = fmt.Fprintf(connection, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n%s", status, len(text), body)
}

func respond(method, path, folder string) (status, text string) {
	if method != "GET" && method != "HEAD" {
		return "405 Method Not Allowed", "only GET\n"
	}
	if path != "/healthz" && !strings.HasPrefix(path, "/healthz?") {
		return "404 Not Found", "only /healthz\n"
	}
	if bad := unhealthy(folder); bad != "" {
		return "503 Service Unavailable", bad
	}
	return "200 OK", "ok\n"
}

// unhealthy has a line for each service that is not "ok": its name and its state.
func unhealthy(folder string) string {
	var text strings.Builder
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	for _, file := range files {
		state, err := readState(file)
		if err == nil && state != "ok" {
			text.WriteString(console.Plain(filepath.Base(file)+": "+state, longestState) + "\n")
		}
	}
	return text.String()
}

func readState(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, longestLine))
	first, _, _ := strings.Cut(string(text), "\n")
	return first, err
}
