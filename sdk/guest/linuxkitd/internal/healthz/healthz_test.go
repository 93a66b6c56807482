package healthz

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// machine serves the states of services, and gives its address.
func machine(t *testing.T, states map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, state := range states {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(state), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() { _ = Serve(listener, folder) }()
	return listener.Addr().String()
}

func ask(t *testing.T, address, request string) (status, body string) {
	t.Helper()
	connection, err := net.Dial("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	go func() { _, _ = io.WriteString(connection, request) }()
	text, _ := io.ReadAll(connection)
	head, body, _ := strings.Cut(string(text), "\r\n\r\n")
	status, _, _ = strings.Cut(head, "\r\n")
	if length := regexp.MustCompile(`Content-Length: (\d+)`).FindStringSubmatch(head); !strings.HasPrefix(request, "HEAD") && len(length) > 1 && length[1] != strconv.Itoa(len(body)) {
		t.Errorf("the length is %s of %d", length[1], len(body))
	}
	return status, body
}

const get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

func TestAnswers(t *testing.T) {
	ok := map[string]string{"web": "ok\n"}
	for name, row := range map[string]struct {
		request string
		states  map[string]string
		status  string
		body    string
	}{
		"all is well":                      {get, map[string]string{"web": "ok\n", "db": "ok\n"}, "200 OK", "ok\n"},
		"no service":                       {get, nil, "200 OK", "ok\n"},
		"two are not":                      {get, map[string]string{"web": "unhealthy\n", "a": "ok\n", "db": "down, exit status 7\n"}, "503 Service Unavailable", "db: down, exit status 7\nweb: unhealthy\n"},
		"only the head":                    {strings.Replace(get, "GET", "HEAD", 1), ok, "200 OK", ""},
		"a query":                          {strings.Replace(get, "healthz", "healthz?deep=1", 1), ok, "200 OK", "ok\n"},
		"another path":                     {strings.Replace(get, "healthz", "healthzz", 1), ok, "404 Not Found", "only /healthz\n"},
		"another method":                   {strings.Replace(get, "GET", "DELETE", 1), ok, "405 Method Not Allowed", "only GET\n"},
		"HTTP/1.0 with line feeds alone":   {"GET /healthz HTTP/1.0\n\n", ok, "200 OK", "ok\n"},
		"headers without end":              {"GET /healthz HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 1000), ok, "200 OK", "ok\n"},
		"no method":                        {"\r\n\r\n", ok, "405 Method Not Allowed", "only GET\n"},
		"a state that forges another line": {get, map[string]string{"web": "down\x1b[2J\rok: ok\nx: y\n"}, "503 Service Unavailable", "web: down [2J ok: ok\n"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := ask(t, machine(t, row.states), row.request)
			if status != "HTTP/1.1 "+row.status || body != row.body {
				t.Errorf("got %q, %q", status, body)
			}
		})
	}
}

func TestALineWithoutEndIsNotRead(t *testing.T) {
	if status, _ := ask(t, machine(t, nil), "GET /"+strings.Repeat("x", 1<<20)); status != "" {
		t.Errorf("got %q", status)
	}
}

func TestManyAtOnce(t *testing.T) {
	address := machine(t, map[string]string{"web": "ok\n"})
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if status, _ := ask(t, address, get); status != "HTTP/1.1 200 OK" {
				t.Errorf("got %q", status)
			}
		})
	}
	all.Wait()
}

// the attack: connections that say nothing took all of the port's, and a machine that is healthy was taken out of service
func TestConnectionsThatSayNothingKeepNobodyOut(t *testing.T) {
	address := machine(t, map[string]string{"web": "ok\n"})
	for range 2 * most {
		connection, err := net.Dial("tcp4", address)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
	}
	if status, _ := ask(t, address, get); status != "HTTP/1.1 200 OK" {
		t.Errorf("got %q", status)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add(get)
	f.Fuzz(func(t *testing.T, request string) {
		var said strings.Builder
		answer(struct {
			io.Reader
			io.Writer
		}{strings.NewReader(request), &said}, "/nothing")
		if text := said.String(); text != "" && !strings.HasPrefix(text, "HTTP/1.1 ") {
			t.Errorf("%q: %q", request, text)
		}
	})
}
