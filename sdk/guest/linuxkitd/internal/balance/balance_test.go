package balance

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// server answers each line with its name, until the test ends or it is ended.
func server(t *testing.T, name, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = client.Close() }()
				for lines := bufio.NewScanner(client); lines.Scan(); {
					fmt.Fprintln(client, name, lines.Text())
				}
				// what was asked until the client's own end is answered
				fmt.Fprintln(client, name, "end")
			}()
		}
	}()
	return listener
}

// start leads to servers, and gives where.
func start(t *testing.T, servers ...string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	b := &balance{servers: servers, dial: (&net.Dialer{Timeout: patience}).DialContext}
	go func() { ended <- b.serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// ask sends a line and the end, and gives all that comes back.
func ask(t *testing.T, address, line string) string {
	t.Helper()
	client, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	_ = client.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintln(client, line)
	_ = client.(*net.TCPConn).CloseWrite()
	said, _ := io.ReadAll(client)
	return string(said)
}

func TestTheServerThatAnsweredLastIsAskedFirst(t *testing.T) {
	one, two := server(t, "one", "127.0.0.1:0"), server(t, "two", "127.0.0.1:0")
	address := start(t, one.Addr().String(), two.Addr().String())
	for _, row := range []struct {
		name string
		do   func()
		want string
	}{
		{"both answer", func() {}, "one a\none end\n"},
		{"the first one ends", func() { _ = one.Close() }, "two a\ntwo end\n"},
		{"the first one is back", func() { one = server(t, "one", one.Addr().String()) }, "two a\ntwo end\n"},
		{"the second one ends", func() { _ = two.Close() }, "one a\none end\n"},
		{"none is left", func() { _ = one.Close() }, ""},
		{"one is back", func() { two = server(t, "two", two.Addr().String()) }, "two a\ntwo end\n"},
	} {
		row.do()
		if got := ask(t, address, "a"); got != row.want {
			t.Errorf("%s: got %q, wanted %q", row.name, got, row.want)
		}
	}
}

func TestAConnectionStaysWithItsServer(t *testing.T) {
	one, two := server(t, "one", "127.0.0.1:0"), server(t, "two", "127.0.0.1:0")
	client, err := net.Dial("tcp", start(t, one.Addr().String(), two.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	answers := bufio.NewReader(client)
	for _, line := range []string{"a", "b"} {
		fmt.Fprintln(client, line)
		if got, err := answers.ReadString('\n'); err != nil || got != "one "+line+"\n" {
			t.Errorf("got %q, %v", got, err)
		}
		// only new connections go elsewhere
		_ = one.Close()
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for _, args := range [][]string{nil, {"127.0.0.1:0"}, {"127.0.0.1:0", "control-1:6443"}, {"127.0.0.1", "10.0.0.1:6443"}, {"127.0.0.1:0", ""}} {
		if err := Run(t.Context(), args); err == nil || !strings.HasPrefix(err.Error(), "balance: got ") {
			t.Errorf("%q: got %v", args, err)
		}
	}
}

func TestAPortThatIsTakenIsAFailure(t *testing.T) {
	taken := server(t, "one", "127.0.0.1:0").Addr().String()
	if err := Run(t.Context(), []string{taken, "127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}
