package docker

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// standIn writes down its words and signals, and on a HUP the settings that it finds.
const standIn = `#!/bin/sh
settings=$2
echo "start $(cat "$settings")" >>"$LOG"
shift 2
echo "words $*" >>"$LOG"
trap 'echo "hup $(cat "$settings")" >>"$LOG"' HUP
trap 'echo term >>"$LOG"; exit 0' TERM
echo ready >>"$LOG"
while :; do sleep 0.01; done
`

func newEngine(t *testing.T, program string) (engine, string) {
	folder := t.TempDir()
	log := filepath.Join(folder, "log")
	t.Setenv("LOG", log)
	for name, text := range map[string]string{"dockerd": program, "at": "live", "stop": "not live"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	return engine{
		program: in("dockerd"), now: in("now"), at: in("at"), stop: in("stop"),
		gaveUp: func(context.Context) bool { return logged(log, "hup") }, patience: 20 * time.Second, pause: time.Millisecond,
	}, log
}

func logged(log, word string) bool {
	text, _ := os.ReadFile(log)
	return strings.Contains(string(text), word)
}

func stopWhenReady(t *testing.T, log string) context.Context {
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		for !logged(log, "ready") && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		stop()
	}()
	return ctx
}

func TestAStopGivesLiveRestoreUpFirst(t *testing.T) {
	engine, log := newEngine(t, standIn)
	if err := engine.run(stopWhenReady(t, log), []string{"--host", "unix:///d"}); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(log)
	if want := "start live\nwords --host unix:///d\nready\nhup not live\nterm\n"; string(text) != want {
		t.Errorf("got %q, wanted %q", text, want)
	}
}

func TestAnEngineThatKeepsLiveRestoreEndsAllTheSame(t *testing.T) {
	engine, log := newEngine(t, standIn)
	var asked atomic.Int32
	engine.gaveUp = func(context.Context) bool { asked.Add(1); return false }
	engine.patience = 50 * time.Millisecond
	if err := engine.run(stopWhenReady(t, log), nil); err != nil || !logged(log, "term") || asked.Load() == 0 {
		t.Errorf("got %v after %d questions", err, asked.Load())
	}
}

func TestAnEngineThatFailsIsAFailure(t *testing.T) {
	failing, _ := newEngine(t, "#!/bin/sh\nexit 3\n")
	if err := failing.run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
	missing, _ := newEngine(t, standIn)
	missing.at += ".not"
	if err := missing.run(t.Context(), nil); err == nil {
		t.Error("it started without settings")
	}
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:2375")
	if err := RunEngine(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "wanted unix://") {
		t.Errorf("got %v", err)
	}
}

func TestTheEngineSaysWhetherItRestoresLive(t *testing.T) {
	for _, row := range []struct {
		status int
		body   string
		want   bool
	}{
		{200, `{"ID":"x","LiveRestoreEnabled":false}`, false},
		{200, `{"LiveRestoreEnabled":true}`, true},
		{200, `{}`, true},
		{200, `not JSON`, true},
		{500, `{"LiveRestoreEnabled":false}`, true},
	} {
		socket := filepath.Join(t.TempDir(), "s")
		listener, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
			if request.URL.Path != "/info" {
				t.Errorf("asked for %s", request.URL.Path)
			}
			answer.WriteHeader(row.status)
			_, _ = answer.Write([]byte(row.body))
		})}
		go func() { _ = server.Serve(listener) }()
		if got := restoresLive(t.Context(), socket); got != row.want {
			t.Errorf("%d %s: got %v", row.status, row.body, got)
		}
		_ = server.Close()
	}
	if !restoresLive(t.Context(), filepath.Join(t.TempDir(), "none")) {
		t.Error("an engine that does not answer has not given it up")
	}
}
